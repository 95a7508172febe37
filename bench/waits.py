"""How long it takes to end each wait for MongoDB, for bench/waits:

    waits.py MONGODB_HOST MONGODB_PORT FOLDER

FOLDER has test/lib.  PostgreSQL is where libpq's environment says.
"""

import socket
import subprocess
import sys
import threading
import time

ROUNDS = 5


class Helper:
    """A program of test/lib that answers each line by one."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen([sys.executable, f"{folder}/{arguments[0]}", *arguments[1:]],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().split()[0]

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


class Session:
    """psql, whose lines are stamped as they come."""

    def __init__(self):
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "VERBOSITY=terse"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines, self.there = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.pid = int(self.ask("SELECT pg_backend_pid();")[1])

    def read(self):
        for line in self.process.stdout:
            with self.there:
                self.lines.append((time.perf_counter(), line.strip()))
                self.there.notify()

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def next_line(self):
        with self.there:
            self.there.wait_for(lambda: self.lines, 30)
            return self.lines.pop(0)

    def ask(self, text):
        self.say(text)
        return self.next_line()


def listener(queue):
    """An address that takes so many connections and says nothing."""
    server = socket.create_server(("127.0.0.1", 0), backlog=queue)
    return server, server.getsockname()[1]


def main():
    host, port, folder = sys.argv[1:]
    faults = Helper(folder, "faults.py", host, port)
    member = Helper(folder, "members.py", host, port, "1")
    _mute, mute = listener(100)
    full_server, full = listener(0)
    queue = [socket.socket() for _ in range(4)]
    for waiting in queue:
        waiting.setblocking(False)
        waiting.connect_ex(full_server.getsockname())
    member.tell("login 0 reader secret")
    uris = {"connect": f"127.0.0.1:{full}/", "hello": f"127.0.0.1:{mute}/", "tls": f"127.0.0.1:{mute}/?tls=true",
            "members": f"127.0.0.1:{mute},localhost:{mute}/?replicaSet=rs", "login": f"127.0.0.1:{member.port}/?directConnection=true",
            "reply": f"127.0.0.1:{faults.port}/?directConnection=true"}
    control = Session()
    for name, uri in uris.items():
        control.say(f"CREATE SERVER {name} FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://{uri}', connect_timeout_ms '60000');"
                    f"CREATE FOREIGN TABLE {name} (n int) SERVER {name} OPTIONS (database 'bench', collection 'items', fetch_size '500');")
    control.say("CREATE USER MAPPING FOR CURRENT_USER SERVER login OPTIONS (user 'reader', password 'secret', auth_mechanism 'SCRAM-SHA-1');")
    opened = "BEGIN; DECLARE c CURSOR FOR SELECT n FROM reply; FETCH 1 FROM c;"
    waits = [("a connection that is not taken", "SELECT 0;", "SELECT n FROM connect;", ""),
             ("the first words of a server", "SELECT 0;", "SELECT n FROM hello;", ""),
             ("the TLS handshake", "SELECT 0;", "SELECT n FROM tls;", ""),
             ("the members of a replica set", "SELECT 0;", "SELECT n FROM members;", ""),
             ("a login", "SELECT 0;", "SELECT n FROM login;", ""),
             ("the first reply", "SELECT n FROM reply LIMIT 1;", "SELECT n FROM reply;", "mute 0"),
             ("another batch", opened, "MOVE ALL FROM c;", "mute 0"),
             ("a reply that drips", "SELECT n FROM reply LIMIT 1;", "SELECT n FROM reply;", "drip 50")]
    member.tell("mute 0 saslStart")
    print(f"{'wait for':<34}{'cancel':>10}{'terminate':>12}{'timeout of 300 ms':>20}")
    for name, before, waiting, fault in waits:
        worst = [max(end_wait(control, faults, before, waiting, fault, end) for _ in range(ROUNDS))
                 for end in ("pg_cancel_backend", "pg_terminate_backend", "statement_timeout")]
        print(f"{name:<34}{worst[0]:>7.1f} ms{worst[1]:>9.1f} ms{worst[2]:>17.1f} ms", flush=True)


def end_wait(control, faults, before, waiting, fault, end):
    """Milliseconds from the end's being asked for, or the query's, until it came."""
    faults.tell("pass")
    session = Session()
    session.ask(before)
    if fault:
        faults.tell(fault)
    if end == "statement_timeout":
        session.say("SET statement_timeout = 300;")
    start = time.perf_counter()
    session.say(waiting)
    if end != "statement_timeout":
        while control.ask(f"SELECT coalesce((SELECT wait_event_type FROM pg_stat_activity WHERE pid = {session.pid}), '');")[1] != "Extension":
            time.sleep(0.01)
        start = time.perf_counter()
        control.ask(f"SELECT {end}({session.pid});")
    at, line = session.next_line()
    if not line.startswith(("ERROR:  canceling", "FATAL:  terminating")):
        raise SystemExit(f"{waiting}: {line}")
    session.process.kill()
    return (at - start) * 1000


main()
