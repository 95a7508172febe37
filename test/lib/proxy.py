#!/usr/bin/env python3
"""A proxy that writes down what goes through: proxy.py HOST PORT LOG

It listens on a free port of 127.0.0.1, which it prints, and ends with its
standard input.  For each command of MongoDB's wire protocol, LOG gets a line
of JSON: its name, the whole of it, and how many documents and bytes came back
with it.
"""

import json
import socket
import struct
import sys
import threading

from bson import decode, json_util

from listening import listen

OP_MSG = 2013


def read_exactly(source, size):
    parts = []
    while size > 0:
        part = source.recv(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_message(source):
    """(request id, response to, body or None, the bytes)"""
    header = read_exactly(source, 16)
    length, request, response, opcode = struct.unpack("<iiii", header)
    rest = read_exactly(source, length - 16)
    body = None
    # flags, then a section of kind 0, which is the command or its reply
    if opcode == OP_MSG and rest[4] == 0:
        size = struct.unpack_from("<i", rest, 5)[0]
        body = decode(rest[5:5 + size])
    return request, response, body, header + rest


class Proxy:
    def __init__(self, host, port, log):
        self.upstream = (host, port)
        self.log = open(log, "a", buffering=1)
        self.lock = threading.Lock()

    def serve(self, client):
        server = socket.create_connection(self.upstream)
        asked = {}
        threading.Thread(target=self.pump, args=(client, server, asked, None), daemon=True).start()
        self.pump(server, client, asked, self.note)

    def pump(self, source, target, asked, note):
        try:
            while True:
                request, response, body, message = read_message(source)
                if note is None:
                    asked[request] = body
                elif body is not None and asked.get(response) is not None:
                    note(asked.pop(response), body, len(message))
                target.sendall(message)
        except (EOFError, OSError):
            target.close()
            source.close()

    def note(self, command, reply, size):
        cursor = reply.get("cursor", {})
        batch = cursor.get("firstBatch", cursor.get("nextBatch", []))
        line = json.dumps({"name": next(iter(command)), "documents": len(batch), "bytes": size,
                           "command": json.loads(json_util.dumps(command))})
        with self.lock:
            self.log.write(line + "\n")


def main():
    host, port, log = sys.argv[1:]
    proxy = Proxy(host, int(port), log)
    print(listen(proxy.serve), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
