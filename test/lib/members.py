#!/usr/bin/env python3
"""Members of a MongoDB deployment that is not there: members.py HOST PORT NUMBER

Each listens on a free port of 127.0.0.1; the ports are printed.  A member says of
itself what it is told to, and may ask for a login; the rest a real server at
HOST:PORT answers.  It ends with its standard input, each line of which is
answered by one:

    hello I JSON        what member I says of itself, beside what a standalone does
    tls I CERT CA       member I speaks TLS with the certificate and key in CERT, and
                        asks for one of CA, `-` for none; `tls I` ends that
    login I USER PW     member I lets in who shows that password by SCRAM-SHA-1
    mute I NAME         member I does not answer commands of that name
    fail I NAME CODE    member I answers commands of that name by an error
    reply I NAME JSON   member I answers commands of that name by that
    replies I JSON      likewise of several names, the keys of the JSON; one can be the
                        first stage of a pipeline, such as $changeStream
    refuse I FIELD CODE MESSAGE
                        member I answers commands with that field by an error;
                        `refuse I` ends that
    collate I JSON      member I takes that for the collation of each collection, and
                        compares by bytes for a command that names the simple one
    stop I              no connection is taken any more, and those there are close
    start I             member I is back
    commands            prints what was asked since the last time, as JSON: `member`,
                        `name` and the rest of each command
"""

import base64
import hashlib
import hmac
import socket
import ssl
import struct
import sys

import bson
from bson import json_util

from listening import listen

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HEADER = struct.Struct("<iiii")
USUAL = {
    "isWritablePrimary": True, "ismaster": True, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000,
    "maxWriteBatchSize": 100000, "logicalSessionTimeoutMinutes": 30, "minWireVersion": 0, "maxWireVersion": 17, "ok": 1,
}
NOT_PRIMARY = {"ok": 0, "errmsg": "not primary and secondaryOk=false", "code": 13435, "codeName": "NotPrimaryNoSecondaryOk"}
REFUSED = {"ok": 0, "errmsg": "Authentication failed.", "code": 18, "codeName": "AuthenticationFailed"}


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def receive_message(connection):
    head = receive(connection, HEADER.size)
    return head + receive(connection, HEADER.unpack(head)[0] - HEADER.size)


def command_of(message):
    """The command in a message, and its code."""
    code = HEADER.unpack_from(message)[3]
    if code == OP_QUERY:
        return bson.decode_all(message[message.index(b"\0", 20) + 9:])[0], code
    return bson.decode(message[21:21 + struct.unpack_from("<i", message, 21)[0]]), code


def reply_to(message, document):
    _, request, _, code = HEADER.unpack_from(message)
    body = struct.pack("<iqii", 8, 0, 0, 1) if code == OP_QUERY else b"\0\0\0\0\0"
    body += bson.encode(document)
    return HEADER.pack(HEADER.size + len(body), 1, request, OP_REPLY if code == OP_QUERY else OP_MSG) + body


def with_body(message, command):
    """An OP_MSG with this command, in one section."""
    flags, body = message[16:20], bson.encode(command)
    return HEADER.pack(21 + len(body), *HEADER.unpack_from(message)[1:]) + flags + b"\0" + body


def collated(command, collation):
    """The command to a server of whose collections none has a collation of its own.
    SecantusDB takes the simple collation for that of a language."""
    asked = command.pop("collation", collation)
    return command if asked == {"locale": "simple"} else {**command, "collation": asked}


class Scram:
    """The server's side of SCRAM-SHA-1 (RFC 5802), of one login."""

    ROUNDS, SALT = 10000, b"sixteen bytes .."

    def __init__(self, user, password):
        digest = hashlib.md5(f"{user}:mongo:{password}".encode()).hexdigest().encode()
        self.user = user
        self.salted = hashlib.pbkdf2_hmac("sha1", digest, self.SALT, self.ROUNDS)

    def mac(self, key, text):
        return hmac.new(key, text, "sha1").digest()

    def start(self, payload):
        first = payload[3:]
        self.user_fits = first.startswith(b"n=%b," % self.user.encode())
        nonce = first.split(b"r=")[1] + b"member"
        answer = b"r=%b,s=%b,i=%d" % (nonce, base64.b64encode(self.SALT), self.ROUNDS)
        self.said = first + b"," + answer
        return answer

    def go_on(self, payload):
        """What the server shows for the proof; None if that is wrong."""
        final, proof = payload.rsplit(b",p=", 1)
        said = self.said + b"," + final
        key = self.mac(self.salted, b"Client Key")
        signature = self.mac(hashlib.sha1(key).digest(), said)
        right = bytes(a ^ b for a, b in zip(key, signature))
        if not self.user_fits or not hmac.compare_digest(base64.b64decode(proof), right):
            return None
        return b"v=" + base64.b64encode(self.mac(self.mac(self.salted, b"Server Key"), said))


class Member:
    def __init__(self, number, upstream, commands):
        self.number, self.upstream, self.commands = number, upstream, commands
        self.hello, self.tls, self.login, self.muted, self.running = {}, None, None, None, True
        self.answers, self.refused, self.collation = {}, None, None
        self.connections = set()
        self.port = listen(self.serve)

    def serve(self, client):
        if not self.running:
            client.close()
            return
        self.connections.add(client)
        try:
            if self.tls is not None:
                raw, client = client, self.tls.wrap_socket(client, server_side=True)
                self.connections.discard(raw)
                self.connections.add(client)
            with client, socket.create_connection(self.upstream) as server:
                self.converse(client, server)
        except (OSError, ConnectionError):
            pass
        self.connections.discard(client)

    def converse(self, client, server):
        scram = Scram(*self.login) if self.login else None
        inside = False
        while True:
            message = receive_message(client)
            command, _ = command_of(message)
            name = next(iter(command))
            self.commands.append({"member": self.number, "name": name, **command})
            if name == self.muted:
                continue
            if name in ("hello", "isMaster", "ismaster"):
                answer = {**USUAL, **self.hello}
            elif name == "saslStart" and scram:
                answer = {"ok": 1, "conversationId": 1, "done": False, "payload": scram.start(command["payload"])}
            elif name == "saslContinue" and scram:
                payload = b"" if inside else scram.go_on(command["payload"])
                inside = payload is not None
                answer = {"ok": 1, "conversationId": 1, "done": payload == b"", "payload": payload} if inside else REFUSED
            elif name == "authenticate":
                inside = bool(self.tls and client.getpeercert())
                answer = {"ok": 1} if inside else REFUSED
            elif name in ("saslStart", "saslContinue"):
                answer = REFUSED
            elif known := self.answers.keys() & {name, *(command.get("pipeline") or [{}])[0]}:
                answer = self.answers[known.pop()]
            elif self.refused and self.refused[0] in command:
                answer = {"ok": 0, "code": int(self.refused[1]), "errmsg": self.refused[2].strip()}
            elif name == "endSessions":
                answer = {"ok": 1}
            elif name in ("find", "aggregate") and self.hello.get("secondary") and command.get(
                    "$readPreference", {}).get("mode", "primary") == "primary":
                answer = NOT_PRIMARY
            else:
                if self.collation and name in ("find", "aggregate"):
                    message = with_body(message, collated(command, self.collation))
                server.sendall(message)
                client.sendall(receive_message(server))
                continue
            client.sendall(reply_to(message, answer))

    def stop(self):
        self.running = False
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def speak_tls(self, certificate=None, authority="-"):
        self.tls = None
        if certificate is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
            if authority != "-":
                self.tls.load_verify_locations(authority)
                self.tls.verify_mode = ssl.CERT_OPTIONAL


def main():
    host, port, number = sys.argv[1:]
    commands = []
    members = [Member(i, (host, int(port)), commands) for i in range(int(number))]
    print(*(member.port for member in members), flush=True)
    for line in sys.stdin:
        word, *rest = line.split(None, 2)
        answer = "ok"
        if word == "commands":
            answer = json_util.dumps(commands[:])
            del commands[:]
        else:
            member = members[int(rest[0])]
            if word == "hello":
                member.hello = json_util.loads(rest[1])
            elif word == "tls":
                member.speak_tls(*(rest[1].split() if len(rest) > 1 else []))
            elif word == "login":
                member.login = rest[1].strip().split(None, 1)
            elif word == "mute":
                member.muted = rest[1].strip()
            elif word == "fail":
                name, code = rest[1].split()
                member.answers = {name: {"ok": 0, "errmsg": "told to fail", "code": int(code)}}
            elif word == "reply":
                name, text = rest[1].split(None, 1)
                member.answers = {name: {"ok": 1, **json_util.loads(text)}}
            elif word == "replies":
                member.answers = {name: {"ok": 1, **reply} for name, reply in json_util.loads(rest[1]).items()}
            elif word == "refuse":
                member.refused = rest[1].split(None, 2) if len(rest) > 1 else None
            elif word == "collate":
                member.collation = json_util.loads(rest[1])
            elif word == "stop":
                member.stop()
            elif word == "start":
                member.running = True
        print(answer, flush=True)


if __name__ == "__main__":
    main()
