#!/usr/bin/env python3
"""A proxy that reverses what has no order: reverse.py HOST PORT LOG

MongoDB may evaluate the operands of $and and $or in any order, and those of a
match likewise.  Of each command that goes to the server, the operands of every
$and, $or and $nor, and the fields of every document of a match, are reversed.  Answers pass
untouched.  A query that relies on the order of its parts has another answer
through here, or none.

It listens on a free port of 127.0.0.1, which it prints, and runs until it is
ended.  LOG gets each find and aggregate as it came, BSON behind BSON, one of
those that are equal but for their session; total.py reads it.
"""

import hashlib
import socket
import struct
import sys
import threading

from listening import listen
from proxy import OP_MSG, read_exactly

OP_COMPRESSED = 2012
CHECKSUM_PRESENT = 1
CHUNK = 1 << 18
DOCUMENT, ARRAY = 3, 4
UNORDERED = (b"$and", b"$or", b"$nor")
# of BSON's types, those whose size is fixed; those that begin with a length; and
# what is behind what is counted by that length
FIXED = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}
COUNTED = {2: 4, 3: 0, 4: 0, 5: 5, 12: 16, 13: 4, 14: 4, 15: 0}
REGEX = 11


def value_end(data, kind, at):
    if kind in FIXED:
        return at + FIXED[kind]
    if kind in COUNTED:
        return at + struct.unpack_from("<i", data, at)[0] + COUNTED[kind]
    if kind == REGEX:
        return data.index(b"\0", data.index(b"\0", at) + 1) + 1
    raise ValueError("BSON type %d" % kind)


def elements(data):
    """Each (type, name, value's bytes) of a document."""
    at, end = 4, struct.unpack_from("<i", data)[0] - 1
    while at < end:
        kind = data[at]
        name_end = data.index(b"\0", at + 1)
        value = value_end(data, kind, name_end + 1)
        yield kind, data[at + 1:name_end], data[name_end + 1:value]
        at = value


def document(items):
    body = b"".join(bytes([kind]) + name + b"\0" + value for kind, name, value in items)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def reverse(kind, name, value, in_match=False):
    """A value, with all in it reversed that has no order."""
    if kind not in (DOCUMENT, ARRAY) or name == b"$literal":
        return value
    in_match = (in_match or name == b"$match") and name != b"$expr"
    items = [(kind_, name_, reverse(kind_, name_, value_, in_match)) for kind_, name_, value_ in elements(value)]
    if kind == ARRAY and name in UNORDERED:
        # the places keep their names
        items = [(kind_, items[place][1], value_) for place, (kind_, _, value_) in enumerate(reversed(items))]
    elif kind == DOCUMENT and in_match:
        items.reverse()
    return document(items)


def reversed_command(body):
    return document((kind, name, reverse(kind, name, value, name == b"filter")) for kind, name, value in elements(body))


def reversed_message(message):
    """A message whose command is reversed, and the command as it was; or None."""
    opcode = struct.unpack_from("<i", message, 12)[0]
    if opcode == OP_COMPRESSED:
        raise ValueError("compressed messages are not reversed")
    if opcode != OP_MSG:
        return message, None
    flags = struct.unpack_from("<I", message, 16)[0]
    sections = message[20:len(message) - (4 if flags & CHECKSUM_PRESENT else 0)]
    made, command, at = [], None, 0
    while at < len(sections):
        size = struct.unpack_from("<i", sections, at + 1)[0]
        section = sections[at + 1:at + 1 + size]
        if sections[at] == 0:
            command, section = section, reversed_command(section)
        made.append(sections[at:at + 1] + section)
        at += 1 + size
    # what has changed has no checksum any more, which is optional
    body = struct.pack("<I", flags & ~CHECKSUM_PRESENT) + b"".join(made)
    return struct.pack("<i", 16 + len(body)) + message[4:16] + body, command


class Proxy:
    def __init__(self, host, port, log):
        self.upstream = (host, port)
        self.log = open(log, "ab", buffering=0)
        self.seen = set()
        self.lock = threading.Lock()

    def serve(self, client):
        server = socket.create_connection(self.upstream)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.ask, args=(client, server), daemon=True).start()
        self.answer(client, server)

    def ask(self, client, server):
        try:
            while True:
                header = read_exactly(client, 16)
                rest = read_exactly(client, struct.unpack_from("<i", header)[0] - 16)
                message, command = reversed_message(header + rest)
                if command is not None:
                    self.note(command)
                server.sendall(message)
        except (EOFError, OSError):
            pass
        finally:
            client.close()
            server.close()

    @staticmethod
    def answer(client, server):
        try:
            while data := server.recv(CHUNK):
                client.sendall(data)
        except OSError:
            pass
        finally:
            # wakes the one that waits for the client
            for one in (client, server):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def note(self, command):
        kept = [item for item in elements(command) if item[1] not in (b"lsid", b"$clusterTime", b"txnNumber")]
        if not kept or kept[0][1] not in (b"find", b"aggregate"):
            return
        kept = document(kept)
        digest = hashlib.blake2b(kept, digest_size=16).digest()
        with self.lock:
            if digest not in self.seen:
                self.seen.add(digest)
                self.log.write(kept)


def main():
    host, port, log = sys.argv[1:]
    proxy = Proxy(host, int(port), log)
    print(listen(proxy.serve), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
