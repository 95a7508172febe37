"""A server on a free port of 127.0.0.1, for the programs beside it."""

import socket
import threading


def listen(serve):
    """Has serve(connection) in a thread for each connection; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]
