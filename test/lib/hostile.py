#!/usr/bin/env python3
"""A MongoDB server that answers wrongly: hostile.py [list]

It listens on a free port of 127.0.0.1, which it prints, and ends with its standard
input.  What is wrong is a client's to choose, by the number of a case as its name
(appName=17); `list` prints all cases instead, one a line: number, kind, whether what
comes is a right reply all the same, with other data, and words.
Of each kind (see KINDS) the reply to one command is altered: every field is missing,
of every BSON type, twice and at its extremes, and the message has every form that is
none.  A name that is no number is one of SPECIAL.
"""

import itertools
import socket
import struct
import sys
import zlib

from listening import listen
from members import HEADER, OP_MSG, OP_QUERY, OP_REPLY, Scram, command_of, receive_message

OP_COMPRESSED = 2012
USER, PASSWORD = "reader", "a hostile password"
DOCUMENTS = 5


class Raw:
    """A BSON value by its type and bytes."""

    def __init__(self, kind, data, words):
        self.kind, self.data, self.words = kind, data, words


def string(data):
    return struct.pack("<i", len(data) + 1) + data + b"\0"


def element(value):
    """(BSON type, bytes) of a value"""
    if isinstance(value, Raw):
        return value.kind, value.data
    if isinstance(value, bool):
        return 8, bytes([value])
    if isinstance(value, int):
        return (16, struct.pack("<i", value)) if -2**31 <= value < 2**31 else (18, struct.pack("<q", value))
    if isinstance(value, float):
        return 1, struct.pack("<d", value)
    if isinstance(value, str):
        return 2, string(value.encode())
    if isinstance(value, bytes):
        return 5, struct.pack("<iB", len(value), 0) + value
    if isinstance(value, list):
        return 4, encode([(str(i), item) for i, item in enumerate(value)])
    return 3, encode(value)


def encode(fields):
    """A document of a dict, or of pairs"""
    parts = []
    for key, value in fields.items() if isinstance(fields, dict) else fields:
        kind, data = element(value)
        parts.append(bytes([kind]) + key.encode() + b"\0" + data)
    body = b"".join(parts)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def long(number):
    return Raw(18, struct.pack("<q", number), f"long {number}")


def text(data, words):
    return Raw(2, string(data), words)


OID = Raw(7, b"x" * 12, "ObjectId")
DATE = Raw(9, struct.pack("<q", 1700000000000), "date")
STAMP = Raw(17, struct.pack("<II", 1, 1700000000), "timestamp")
NULL = Raw(10, b"", "null")
OTHERS = [
    NULL, OID, DATE, STAMP, True, False, 0, 1, -1, 2**31 - 1, -2**31, long(0), long(1), long(2**32), long(2**63 - 1),
    long(-2**63), 0.0, 1.0, 0.5, float("nan"), float("inf"), 1e300, -1e18,
    "", "a", ".", "a.", ".a", ":", "a:0", "a:70000", "[", "[]:1", "[::1]x", "/tmp/x.sock", "x" * 254, "x" * 256, "x" * 70000, "a." + "x" * 600,
    text(b"a\0b", "U+0000"), text(b"a.b\0c", "a.b U+0000"), text(b"\xff\xfe", "no UTF-8"), text(b"\x1b[2J\r\n", "control characters"),
    b"", b"r=", b"x" * 5000, b"r=a,s=YWJj,i=2147483647", b"r", b"r=a,", b"r=a,r=b,s=YWJj,i=1", Raw(5, b"\5\0\0\0\2\1\0\0\0a", "subtype 2"),
    Raw(5, b"\5\0\0\0\2\x63\0\0\0a", "subtype 2 of another length"),
    [], [1], [NULL], ["127.0.0.1:1"], ["x" * 300], ["a:1"] * 51, [f"host{i}.invalid" for i in range(10000)], [{}], [[]], [OID], ["zlib"], ["snappy", "zlib"],
    {}, {"a": 1}, {"0": "a"}, {"code": 0}, {"clusterTime": 1},
    Raw(6, b"", "undefined"), Raw(11, b"a\0i\0", "regex"), Raw(12, string(b"a") + b"x" * 12, "DBPointer"),
    Raw(13, string(b"a"), "code"), Raw(14, string(b"a"), "symbol"),
    Raw(15, struct.pack("<i", 15) + string(b"") + encode({}), "code with scope"),
    Raw(19, b"\0" * 16, "decimal"), Raw(255, b"", "MinKey"), Raw(127, b"", "MaxKey"), Raw(32, b"", "no type"),
    Raw(8, b"\2", "a boolean byte of 2"), Raw(2, struct.pack("<i", 0), "a string of no bytes"),
    Raw(2, struct.pack("<i", 2**31 - 1) + b"a\0", "a string that is too long"), Raw(2, struct.pack("<i", 2) + b"ab", "a string without an end"),
    Raw(3, struct.pack("<i", 4), "a document that is too short"), Raw(3, struct.pack("<i", 2**31 - 1) + b"\0", "a document that is too long"),
    Raw(4, struct.pack("<i", -5) + b"\0", "an array of negative length"),
    Raw(3, b"\x0c\0\0\0\x10a\0\1\0\0\0\1", "a document without an end"),
]


def describe(value):
    if isinstance(value, Raw):
        return value.words
    words = repr(value)
    return words if len(words) < 40 else words[:30] + f"... ({len(words)})"


# ----------------------------------------------------------------------------
# What is right
# ----------------------------------------------------------------------------

def hello(server):
    me = f"127.0.0.1:{server.port}"
    return {
        "isWritablePrimary": True, "ismaster": True, "helloOk": True, "secondary": False, "arbiterOnly": False, "hidden": False,
        "isreplicaset": False, "msg": "a", "me": me, "primary": me, "setName": "rs", "setVersion": 1, "electionId": OID, "hosts": [me],
        "passives": [], "arbiters": [], "tags": {"dc": "east"}, "lastWrite": {"lastWriteDate": DATE},
        "topologyVersion": {"processId": OID, "counter": long(0)}, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000,
        "maxWriteBatchSize": 100000, "logicalSessionTimeoutMinutes": 30, "minWireVersion": 0, "maxWireVersion": 17, "connectionId": 1,
        "compression": [], "saslSupportedMechs": ["SCRAM-SHA-1"], "ok": 1.0, "$clusterTime": {"clusterTime": STAMP}, "operationTime": STAMP,
    }


def batch(name, numbers, cursor=0, collection="items"):
    return {"cursor": {name: [{"_id": n, "n": n} for n in numbers], "id": long(cursor), "ns": f"shop.{collection}"}, "ok": 1.0,
            "$clusterTime": {"clusterTime": STAMP}, "operationTime": STAMP}


COLLECTIONS = {"cursor": {"id": long(0), "ns": "shop.$cmd.listCollections", "firstBatch": [{"name": "items", "type": "collection"}]}, "ok": 1.0}
FAILURE = {"ok": 0.0, "errmsg": "no", "code": 13, "codeName": "Unauthorized", "errorLabels": ["a"], "writeConcernError": {
    "code": 1, "errmsg": "a", "errorLabels": ["a"]}, "topologyVersion": {"processId": OID, "counter": long(0)}}

# kind: the command whose reply is altered
KINDS = {
    "hello": "hello", "speculative": "hello", "compressed": "find", "find": "find", "next": "getMore", "aggregate": "aggregate",
    "list": "listCollections", "count": "count", "failure": "find", "start": "saslStart", "continue": "saslContinue",
    "kill": "killCursors", "end": "endSessions",
}


def example(kind):
    """A reply to that kind's command, for the fields that it has"""
    class Server:
        port = 27017
    return {
        "hello": hello(Server), "speculative": {"speculativeAuthenticate": {"conversationId": 1, "done": False, "payload": b"a"}},
        "compressed": {}, "find": batch("firstBatch", [0, 1], 7), "next": batch("nextBatch", [2, 3], 7),
        "aggregate": batch("firstBatch", range(3)), "list": COLLECTIONS, "count": {"n": 5, "ok": 1.0}, "failure": FAILURE,
        "start": {"conversationId": 1, "done": False, "payload": b"a", "ok": 1.0},
        "continue": {"conversationId": 1, "done": False, "payload": b"a", "ok": 1.0}, "kill": {"ok": 1.0}, "end": {"ok": 1.0},
    }[kind]


# ----------------------------------------------------------------------------
# What is wrong
# ----------------------------------------------------------------------------

def paths(value, levels=3):
    """Of all fields in a document or array, but not those of documents of a batch"""
    if levels == 0 or not isinstance(value, (dict, list)):
        return
    for key in list(value) if isinstance(value, dict) else range(min(len(value), 1)):
        yield (key,)
        for rest in paths(value[key], levels - 1):
            yield (key, *rest)


def alter(value, path, change):
    """The pairs of a document with one field changed: change gives pairs for it"""
    pairs = [(str(k), v) for k, v in (value.items() if isinstance(value, dict) else enumerate(value))]
    result = []
    for key, inner in pairs:
        if key != str(path[0]):
            result.append((key, inner))
        elif len(path) == 1:
            result += change(key, inner)
        else:
            result.append((key, Raw(4 if isinstance(inner, list) else 3, encode(alter(inner, path[1:], change)), "")))
    return result


def message(request, code, body, flags=0):
    head = struct.pack("<iqii", 8, 0, 0, 1) if code == OP_REPLY else struct.pack("<iB", flags, 0)
    return HEADER.pack(HEADER.size + len(head) + len(body), 1, request, code) + head + body


def compress(data, size=None, compressor=2, packed=None):
    packed = zlib.compress(data[16:]) if packed is None else packed
    _, number, request, code = HEADER.unpack_from(data)
    return HEADER.pack(25 + len(packed), number, request, OP_COMPRESSED) + struct.pack(
        "<iIB", code, len(data) - 16 if size is None else size, compressor) + packed


def patch(data, offset, layout, value):
    return data[:offset] + struct.pack(layout, value) + data[offset + struct.calcsize(layout):]


# Forms of a message, of the one that would be right
FORMS = {
    f"opcode {code}": (lambda data, code=code: patch(data, 12, "<i", code)) for code in (0, 1, 2004, 2010, 2011, 2012, 2013, -1)
}
FORMS.update({f"length {n}": (lambda data, n=n: patch(data, 0, "<I", n)) for n in (0, 4, 15, 16, 17, 20, 21, 25, 26, 48000000, 48000001, 2**31 - 1, 2**32 - 1)})
FORMS.update({f"reply to {n}": (lambda data, n=n: patch(data, 8, "<i", n)) for n in (0, -1)})
FORMS.update({f"flags {n}": (lambda data, n=n: patch(data, 16, "<I", n)) for n in (1, 2, 4, 0x8000, 0x10000, 0xffffffff)})
FORMS.update({f"byte {at} is {n}": (lambda data, at=at, n=n: patch(data, at, "<B", n)) for at in (20, 21, 24, 25, 28, 32, 36) for n in (1, 2, 127, 255)})
FORMS.update({
    "a byte behind": lambda data: patch(data, 0, "<i", len(data) + 1) + b"\0",
    "a checksum": lambda data: patch(patch(data, 0, "<i", len(data) + 4), 16, "<i", 1) + b"abcd",
    "two documents": lambda data: patch(data, 0, "<i", len(data) + 5) + encode({}),
    "two sections": lambda data: patch(data, 0, "<i", len(data) + 6) + b"\0" + encode({}),
    "a section of kind 1": lambda data: patch(data, 0, "<i", len(data) + 12) + b"\1" + struct.pack("<i", 11) + b"a\0" + encode({}),
    "a section of kind 1 that is too long": lambda data: patch(data, 0, "<i", len(data) + 7) + b"\1" + struct.pack("<i", 2**30) + b"ab",
    "no document": lambda data: patch(data[:21], 0, "<i", 21),
    "only a header": lambda data: patch(data[:16], 0, "<i", 16),
    "cut": lambda data: patch(data[:-7], 0, "<i", len(data) - 7),
    "ended early": lambda data: data[:-7],
    "ended in the header": lambda data: data[:9],
    "nothing": lambda data: b"",
    "twice": lambda data: data * 2,
    "an empty document": lambda data: data[:21 if data[12:14] == b"\xdd\x07" else 36] and message(
        HEADER.unpack_from(data)[2], HEADER.unpack_from(data)[3], encode({})),
})
PACKED = {
    "compressed": compress, "by snappy": lambda data: compress(data, compressor=1), "by zstd": lambda data: compress(data, compressor=3),
    "by nothing": lambda data: compress(data, compressor=0, packed=data[16:]), "by 255": lambda data: compress(data, compressor=255),
    "too short": lambda data: compress(data, size=len(data)), "too long": lambda data: compress(data, size=len(data) - 17),
    "of 4 GB": lambda data: compress(data, size=2**32 - 1), "of 2 GB": lambda data: compress(data, size=2**31), "of nothing": lambda data: compress(data, size=0),
    "of 48 MB": lambda data: compress(data, size=48000000 - 16), "a bomb": lambda data: compress(data, packed=zlib.compress(b"\0" * 100000000)),
    "a bomb that says so": lambda data: compress(data, size=100000000, packed=zlib.compress(b"\0" * 100000000)),
    "no zlib": lambda data: compress(data, packed=b"abcdefgh"), "with nothing": lambda data: compress(data, packed=b""),
    "with a byte behind": lambda data: compress(data, packed=zlib.compress(data[16:]) + b"a"),
    "cut": lambda data: compress(data, packed=zlib.compress(data[16:])[:-5]), "twice compressed": lambda data: compress(compress(data)),
    "of another opcode": lambda data: patch(compress(data), 16, "<i", OP_REPLY), "an inner length": lambda data: compress(patch(data, 21, "<i", 2**30)),
    "only its header": lambda data: patch(compress(data)[:25], 0, "<i", 25), "not even that": lambda data: patch(compress(data)[:20], 0, "<i", 20),
}


def changes():
    yield "is missing", lambda key, value: []
    yield "is there twice, the second a null", lambda key, value: [(key, value), (key, NULL)]
    yield "is there twice, the first a number", lambda key, value: [(key, 1), (key, value)]
    for other in OTHERS:
        yield f"is {describe(other)}", lambda key, value, other=other: [(key, other)]


def is_data(path, words):
    """Whether a server could have said so"""
    if path[0] != "cursor":
        return False
    return (path[1:] == ("id",) and (words.startswith("is long") or words.lstrip("is -").isdigit())) or (
        path[-1] in ("firstBatch", "nextBatch") and words in ("is []", "is [{}]")) or (
        path[-1] == 0 and (words.startswith("is {") or words == "is missing"))


def is_looked_up(path, words):
    """Whether a name would be looked up, which takes time"""
    return path[0] in ("hosts", "passives", "arbiters") and words in ("is ['zlib']", "is 'a'", "is '.'", f"is {describe('x' * 254)}")


def cases():
    """(kind, words, path or None, change or form)"""
    for kind in KINDS:
        for path in paths(example(kind)):
            for words, change in changes():
                if is_looked_up(path, words):
                    continue
                yield kind, ".".join(map(str, path)) + " " + words, path, change
        if kind == "compressed":
            for words, form in itertools.chain(PACKED.items(), ((f"inside: {w}", lambda data, f=f: compress(f(data)) if len(f(data)) > 16 else f(data))
                                                                for w, f in FORMS.items())):
                yield kind, words, None, form
        elif kind != "speculative":
            for words, form in itertools.chain(FORMS.items(), PACKED.items() if kind in ("hello", "find", "start") else ()):
                yield kind, words, None, form


CASES = list(cases())


# ----------------------------------------------------------------------------
# What is special
# ----------------------------------------------------------------------------

def endless(command, numbers):
    name = "nextBatch" if "getMore" in command else "firstBatch"
    return batch(name, numbers, 7)


def many_fields(number):
    return {"cursor": {"id": long(0), "ns": "shop.items", "firstBatch": [
        Raw(3, encode([(f"field{i}", i) for i in range(number)]), "")]}, "ok": 1.0}


def patient(command, state):
    """A hundred empty batches, then the documents"""
    state["asked"] = state.get("asked", 0) + 1
    if state["asked"] <= 100:
        return endless(command, [])
    return batch("nextBatch", range(DOCUMENTS))


def old_at_first(command, state):
    """A version that the driver does not support, but once only"""
    state["server"].greeted += 1
    return {"maxWireVersion": 2 if state["server"].greeted == 1 else 17}


def fifty(host):
    """A secondary and 49 members more, by their numbers; of a set without a primary, so that all are asked"""
    return lambda command, state: {"setName": "rs", "secondary": True, "ismaster": False, "isWritablePrimary": False, "primary": "127.0.0.1:1",
                                   "hosts": [hello(state["server"])["me"]] + [host(i) for i in range(49)]}


# An address that takes no connection: its queue is full
FULL = socket.create_server(("0.0.0.0", 0), backlog=0)
QUEUED = [socket.socket() for _ in range(3)]


def fill():
    for queued in QUEUED:
        queued.setblocking(False)
        queued.connect_ex(("127.0.0.1", FULL.getsockname()[1]))


# name: what is said to a command of that name
SPECIAL = {
    "patient": {"find": patient, "getMore": patient},
    "empty": {"find": lambda c, s: endless(c, []), "getMore": lambda c, s: endless(c, [])},
    "endless": {name: lambda c, s: endless(c, range(1000)) for name in ("find", "aggregate", "getMore")},
    "names": {"listCollections": lambda c, s: endless(c, []), "getMore": lambda c, s: {"cursor": {
        "id": long(7), "ns": "shop.a", "nextBatch": [{"name": "x" * 100000}] * 20}, "ok": 1.0}},
    "fields": {"aggregate": lambda c, s: many_fields(800000)},
    "words": {"find": lambda c, s: {"ok": 0, "code": 2, "errmsg": text(b"\x1b[31mred\r\n" + b"\xff\xfe" + "\u202e\u0085".encode() + "\u00e4".encode() * 2000000, ""),
                                    "codeName": text(b"\x07" + b"x" * 200, "")}},
    "nowords": {"find": lambda c, s: {"ok": 0, "code": 2, "errmsg": text(b"\xff" * 20, "")}},
    "hosts": {"hello": lambda c, s: {"setName": "rs", "secondary": True, "ismaster": False, "isWritablePrimary": False,
                                     "hosts": [f"host{i}.invalid" for i in range(300)]}},
    "web": {"hello": lambda c, s: b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n"},
    "leaving": {"hello": lambda c, s: {"ok": 0, "code": 91, "errmsg": "The server is in quiesce mode and will shut down", "codeName": "ShutdownInProgress"}},
    "old": {"hello": old_at_first},
    "refused": {"hello": fifty(lambda i: f"127.0.0.1:{i + 1}")},
    "nowhere": {"hello": fifty(lambda i: f"host{i}.invalid:1")},
    "full": {"hello": fifty(lambda i: f"127.0.0.{i + 2}:{FULL.getsockname()[1]}")},
    "rounds": {"saslStart": lambda c, s: {"conversationId": 1, "done": False, "ok": 1.0, "payload": s["scram"].start(c["payload"]).replace(
        b"i=10000", b"i=2147483647")}},
    "more": {"find": lambda c, s: batch("firstBatch", range(10)), "aggregate": lambda c, s: batch("firstBatch", range(10))},
    "zlib": {},
}


class Server:
    def __init__(self):
        self.scram = (USER, PASSWORD)
        self.greeted = 0
        self.port = listen(self.serve)

    def serve(self, client):
        state = {"server": self, "name": None, "scram": Scram(*self.scram), "next": 2}
        try:
            with client:
                while True:
                    data = receive_message(client)
                    if HEADER.unpack_from(data)[3] == OP_COMPRESSED:
                        inner = zlib.decompress(data[25:])
                        data = HEADER.pack(16 + len(inner), *HEADER.unpack_from(data)[1:3], *struct.unpack_from("<i", data, 16)) + inner
                    answer = self.answer(data, state)
                    client.sendall(answer)
                    if state.pop("closes", False):
                        return
        except OSError:
            pass

    def right(self, name, command, state):
        """The reply to a command"""
        case = state["case"]
        kind = case[0] if case else ""
        if name == "hello":
            reply = hello(self)
            if state["name"] == "zlib" or kind == "compressed":
                reply["compression"] = ["zlib"]
            if kind == "speculative" and "speculativeAuthenticate" in command:
                reply["speculativeAuthenticate"] = {"conversationId": 1, "done": False, "payload": state["scram"].start(command["speculativeAuthenticate"]["payload"])}
            return reply
        if name == "find":
            return FAILURE if kind == "failure" else batch("firstBatch", [0, 1], 7)
        if name == "getMore":
            state["next"] += 2
            return batch("nextBatch", range(state["next"] - 2, min(state["next"], DOCUMENTS)), 7 if state["next"] < DOCUMENTS else 0)
        if name == "saslStart":
            return {"conversationId": 1, "done": False, "payload": state["scram"].start(command["payload"]), "ok": 1.0}
        if name == "saslContinue":
            done = state.get("inside", False)
            state["inside"] = True
            return {"conversationId": 1, "done": done, "payload": b"" if done else state["scram"].go_on(command["payload"]) or b"", "ok": 1.0}
        return {"aggregate": batch("firstBatch", range(3)), "listCollections": COLLECTIONS, "count": {"n": 5, "ok": 1.0}}.get(name, {"ok": 1.0})

    def answer(self, data, state):
        command, code = command_of(data)
        name = next(iter(command))
        name = "hello" if name.lower() == "ismaster" else name
        if state["name"] is None:
            state["name"] = command.get("client", {}).get("application", {}).get("name", "")
        state["case"] = case = CASES[int(state["name"])] if state["name"].isdigit() else None
        special = SPECIAL.get(state["name"], {}).get(name)
        if special is not None:
            extra = special(command, state)
            if isinstance(extra, bytes):
                state["closes"] = True
                return extra
            reply = {**hello(self), **extra} if name == "hello" else extra
        else:
            reply = self.right(name, command, state)
        request, code = HEADER.unpack_from(data)[1], OP_REPLY if code == OP_QUERY else OP_MSG
        if case is None or KINDS[case[0]] != name or state.setdefault("altered", name + str(request)) != name + str(request):
            answer = message(request, code, encode(reply))
            return compress(answer) if state["name"] == "zlib" and code == OP_MSG else answer
        _, _, path, change = case
        if path is not None:
            return message(request, code, encode(alter(reply, path, change)))
        state["closes"] = True
        return change(message(request, code, encode(reply)))


def main():
    if sys.argv[1:] == ["list"]:
        for number, (kind, words, path, _) in enumerate(CASES):
            print(number, kind, int(path is not None and is_data(path, words.split(" ", 1)[1])), words, sep="\t")
        return
    fill()
    print(Server().port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
