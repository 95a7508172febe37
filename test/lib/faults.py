#!/usr/bin/env python3
"""A proxy that fails in the way it is told: faults.py HOST PORT

It listens on a free port of 127.0.0.1, which it prints, and ends with its
standard input.  Each line of that is a way to fail, for connections that are
open as for those to come; `ok` is printed when it is in force:

	pass			all goes through
	mute BYTES		nothing comes back any more after so many bytes
	drip BYTES		the same, but then it comes back byte by byte, ten a second
	delay MS		each reply comes so late
	cut BYTES		the connection is closed after so many bytes have come back
	reset BYTES		the same, by a reset
	corrupt BYTES	the byte at that place is another one
	refuse			connections are closed as soon as they are opened
	open			prints how many connections are open, instead of `ok`
	closed			prints how many have been closed
	asked			prints how many requests have gone to the server
"""

import select
import socket
import struct
import sys
import threading
import time

from listening import listen

CHUNK = 65536


class Fault:
    """What happens to the bytes that come back, counted from when it came into force."""

    def __init__(self, name="pass", number=0):
        self.name, self.number = name, number
        self.lock = threading.Lock()
        self.passed = 0

    def take(self, data):
        """How many of the bytes come before the place of the fault."""
        with self.lock:
            before = max(0, min(len(data), self.number - self.passed))
            self.passed += len(data)
        return before


class Proxy:
    def __init__(self, host, port):
        self.upstream = (host, port)
        self.fault = Fault()
        self.open = 0
        self.closed = 0
        self.asked = 0

    def serve(self, client):
        if self.fault.name == "refuse":
            client.close()
            return
        self.open += 1
        try:
            with client, socket.create_connection(self.upstream) as server:
                self.pass_on(client, server)
        except OSError:
            pass
        finally:
            self.open -= 1
            self.closed += 1

    def pass_on(self, client, server):
        while True:
            for source in select.select([client, server], [], [])[0]:
                data = source.recv(CHUNK)
                if not data:
                    return
                if source is client:
                    self.asked += 1
                    server.sendall(data)
                elif not self.send(client, data):
                    return

    def send(self, client, data):
        """Sends what the fault lets through; false to close the connection."""
        fault = self.fault
        if fault.name == "pass":
            client.sendall(data)
            return True
        if fault.name == "delay":
            time.sleep(fault.number / 1000)
            client.sendall(data)
            return True
        before = fault.take(data)
        if fault.name == "corrupt" and before < len(data):
            data = data[:before] + bytes([data[before] ^ 0x55]) + data[before + 1:]
            fault.name, before = "pass", len(data)
        client.sendall(data[:before])
        if before == len(data):
            return True
        if fault.name == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault.name in ("cut", "reset"):
            return False
        if fault.name == "drip":
            for byte in data[before:]:
                client.sendall(bytes([byte]))
                time.sleep(0.1)
        return True  # mute


def main():
    proxy = Proxy(sys.argv[1], int(sys.argv[2]))
    print(listen(proxy.serve), flush=True)
    for line in sys.stdin:
        name, *number = line.split()
        if name in ("open", "closed", "asked"):
            print(getattr(proxy, name), flush=True)
            continue
        proxy.fault = Fault(name, *map(int, number))
        print("ok", flush=True)


if __name__ == "__main__":
    main()
