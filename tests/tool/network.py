#!/usr/bin/env python3
"""weft serve, weft load and weft conversations, with real sockets on loopback.

    network.py PATH_TO_WEFT
"""

import json
import os
import pty
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import unittest

WEFT = "weft"
PATIENCE = 100  # seconds: on a busy machine, and when something hangs


def weft(*arguments, **how):
    return subprocess.run(
        [WEFT, *arguments], capture_output=True, text=True, timeout=PATIENCE, **how
    )


class Serve:
    """weft serve, as a child; stopped at the end if it still runs."""

    def __init__(self, *arguments, listen="127.0.0.1:0", **how):
        self.process = subprocess.Popen(
            [WEFT, "serve", "--listen", listen, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )
        self.where = self.process.stdout.readline()
        found = re.match(r"listening at (.*):(\d+): ", self.where)
        assert found, self.where + self.process.stderr.read()
        self.host, self.port = found[1].strip("[]"), int(found[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    @property
    def target(self):
        return f"{self.host}:{self.port}"

    def connect(self):
        return socket.create_connection((self.host, self.port), PATIENCE)

    def send(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def end(self):
        """What it still prints, on standard output and standard error; its exit status."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return out, err, self.process.returncode

    def stop(self, number=signal.SIGTERM):
        self.send(number)
        return self.end()


class Peer:
    """A server of ours: `talk(connection)` for each connection, in a thread."""

    def __init__(self, talk):
        self.talk = talk
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.target = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.run, args=[connection], daemon=True).start()

    def run(self, connection):
        with connection:
            try:
                self.talk(connection)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def echo(connection):
    while message := connection.recv(4096):
        connection.sendall(message)


def ask(connection, message):
    """An answer of as many bytes."""
    connection.sendall(message)
    answer = b""
    while len(answer) < len(message):
        part = connection.recv(len(message) - len(answer))
        if not part:
            break
        answer += part
    return answer


def wait_for_line(stream, pattern):
    for line in stream:
        if re.search(pattern, line):
            return line
    raise AssertionError(f"the stream ended without {pattern}")


class Serving(unittest.TestCase):
    def test_it_echoes_in_tasks_and_in_fibers(self):
        for option, kind in ([], "task"), (["--fibers"], "fiber"):
            with self.subTest(kind), Serve("--echo", *option) as server:
                self.assertIn(f"echoes, a {kind} for each connection", server.where)
                with server.connect() as client:
                    self.assertEqual(ask(client, b"hello\0\xff\n"), b"hello\0\xff\n")
                    long = os.urandom(100_000)
                    self.assertEqual(ask(client, long), long)
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(client.recv(1), b"")  # the end is answered by the end
                out, err, status = server.stop()
                self.assertEqual((err, status), ("", 0))
                self.assertRegex(out, r"^served 1 connection, .* 100\.0 kB each way\n$")

    def test_a_hundred_clients_are_answered_in_upper_case(self):
        """Row 3.9 of the programs."""
        for option in [], ["--fibers"]:
            with self.subTest(option), Serve("--upper", "--log", *option) as server:
                clients = [server.connect() for _ in range(100)]
                names = ["%s:%d" % client.getsockname() for client in clients]
                for number, client in enumerate(clients):
                    client.sendall(b"hello %d" % number)
                for number, client in reversed(list(enumerate(clients))):
                    expected = b"HELLO %d" % number
                    self.assertEqual(client.recv(1024), expected)
                for client in clients:
                    client.close()
                out, _, status = server.stop()
                self.assertEqual(status, 0)
                self.assertIn("served 100 connections, at most 100 at once: 100 answers", out)
                for number, name in enumerate(names):
                    self.assertIn(f"Client {name} msg: hello {number}\n", out)

    def test_the_log_cannot_disturb_a_terminal(self):
        with Serve("--log") as server, server.connect() as client:
            ask(client, b"\x1b[31mred\nnext\r\n")
            client.close()
            self.assertIn("msg: \\x1b[31mred\\x0anext\n", server.stop()[0])

    def test_lines(self):
        for option in [], ["--fibers"]:
            with self.subTest(option), Serve("--lines", "--upper", *option) as server:
                with server.connect() as client:
                    client.sendall(b"on")
                    client.sendall(b"e\ntwo\r\n")
                    self.assertEqual(client.makefile("rb").readline(), b"ONE\n")
                with server.connect() as client:
                    client.sendall(b"x" * 70_000)
                    self.assertIn(self.end_of(client), (b"", "reset"))
                    self.assertRegex(
                        wait_for_line(server.process.stderr, "failed"), "line|65,?536|limit"
                    )

    @staticmethod
    def end_of(client):
        try:
            return client.recv(1)
        except ConnectionResetError:
            return "reset"

    def test_ipv6_and_names(self):
        with Serve(listen="localhost:0") as server, server.connect() as client:
            self.assertEqual(ask(client, b"x"), b"x")
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 here")
        with Serve(listen="[::1]:0") as server, server.connect() as client:
            self.assertIn("[::1]:", server.where)
            self.assertEqual(ask(client, b"x"), b"x")

    def test_several_listen_at_one_port(self):
        with Serve("--reuse-port") as one:
            with Serve("--reuse-port", listen=one.target) as other:
                self.assertEqual(one.target, other.target)

    def test_progress_on_a_terminal(self):
        main, terminal = pty.openpty()
        server = subprocess.Popen(
            [WEFT, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=terminal
        )
        os.close(terminal)
        shown = b""
        while b"0 connections, 0 answers/s" not in shown:
            self.assertTrue(select.select([main], [], [], PATIENCE)[0], shown)
            shown += os.read(main, 4096)
        server.terminate()
        server.communicate()
        os.close(main)
        self.assertEqual(server.returncode, 0)


class Stopping(unittest.TestCase):
    def test_open_connections_may_finish(self):
        for number, *option in (signal.SIGTERM,), (signal.SIGINT,), (signal.SIGINT, "-t", "2"):
            with self.subTest(number), Serve(*option) as server, server.connect() as client:
                ask(client, b"before")
                server.send(number)
                wait_for_line(server.process.stderr, r"stopping: 1 connection may finish")
                self.assertEqual(ask(client, b"during"), b"during")
                with self.assertRaises(ConnectionRefusedError):
                    server.connect()
                client.close()
                out, _, status = server.end()
                self.assertEqual(status, 0)
                self.assertNotIn("cut off", out)

    def test_a_second_signal_ends_them(self):
        for option in [], ["--fibers"], ["--threads", "3"]:
            with self.subTest(option), Serve(*option) as server, server.connect() as client:
                ask(client, b"here")
                server.send()
                wait_for_line(server.process.stderr, "stopping")
                out, _, status = server.stop(signal.SIGINT)
                self.assertEqual(status, 0)
                self.assertIn("; 1 cut off at the end", out)
                self.assertEqual(client.recv(1), b"")

    def test_the_time_for_that_is_bounded(self):
        with Serve("--drain", "0.01") as server, server.connect() as client:
            ask(client, b"here")
            out, _, status = server.stop()
            self.assertEqual(status, 0)
            self.assertIn("; 1 cut off at the end", out)


class Limits(unittest.TestCase):
    def test_more_than_max_connections_wait(self):
        with Serve("--max-connections", "1") as server:
            first, second = server.connect(), server.connect()
            self.assertEqual(ask(first, b"one"), b"one")
            second.sendall(b"two")
            # Both are answered by one thread, in order: the second would have been by now.
            self.assertEqual(ask(first, b"one again"), b"one again")
            self.assertEqual(select.select([second], [], [], 0)[0], [])
            first.close()
            self.assertEqual(second.recv(3), b"two")
            second.close()
            self.assertIn("at most 1 at once", server.stop()[0])

    def test_too_many_open_files_pause_accepting(self):
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

        with Serve(preexec_fn=few_files) as server:
            clients = [server.connect() for _ in range(40)]
            wait_for_line(server.process.stderr, "limit of 32 open files is reached")
            for client in clients:
                client.close()
            with server.connect() as late:
                self.assertEqual(ask(late, b"late"), b"late")
            self.assertEqual(server.stop()[2], 0)

    def test_the_limit_of_open_files_is_raised(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < 200:
            self.skipTest("not even 200 open files are allowed")

        def low_soft_limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (20, 200))

        with Serve(preexec_fn=low_soft_limit) as server:
            clients = [server.connect() for _ in range(100)]
            for client in clients:
                self.assertEqual(ask(client, b"x"), b"x")
            for client in clients:
                client.close()

    def test_a_limit_that_will_not_do_is_said(self):
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        with Serve("--max-connections", "1000", preexec_fn=few_files) as server:
            self.assertIn("1,000 connections need more than the 64 open", server.stop()[1])


class Refusing(unittest.TestCase):
    def test_a_port_that_is_taken(self):
        with Serve() as server:
            answer = weft("serve", "--listen", server.target)
            self.assertEqual((answer.returncode, answer.stdout), (1, ""))
            self.assertRegex(
                answer.stderr,
                rf"^weft serve: cannot listen at {server.target}: Address already in use: .*\n$",
            )

    def test_an_address_of_another_machine(self):
        answer = weft("serve", "--listen", "192.0.2.1:0")
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stderr, r"^weft serve: cannot listen at 192\.0\.2\.1:0: [^\n]*\n$")

    def test_wrong_usage(self):
        for arguments in (
            ["serve", "--listen", "nonsense"],
            ["serve", "--listen", "::1:80"],
            ["serve", "--listen", "127.0.0.1:70000"],
            ["serve", "--listen", "unix:/tmp/x"],
            ["serve", "--echo", "--upper"],
            ["serve", "--max-connections", "0"],
            ["serve", "--drain", "-1"],
            ["load"],
            ["load", "nonsense"],
            ["load", "127.0.0.1:1", "--connections", "0"],
            ["load", "127.0.0.1:1", "--seconds", "soon"],
            ["load", "127.0.0.1:1", "--size", "0"],
            ["load", "127.0.0.1:1", "--upper", "--no-check"],
            ["conversations", "--kind", "threads"],
        ):
            with self.subTest(arguments):
                answer = weft(*arguments)
                self.assertEqual((answer.returncode, answer.stdout), (2, ""), answer.stderr)
                self.assertIn(f"weft {arguments[0]} --help", answer.stderr)


class Loading(unittest.TestCase):
    SHORT = ["--seconds", "0.2", "--warm-up", "0.05", "--connections", "20"]

    def load(self, target, *arguments):
        answer = weft("load", target, *self.SHORT, *arguments, "--json")
        return json.loads(answer.stdout), answer

    def test_json(self):
        with Serve() as server:
            for option, kind in ([], "tasks"), (["--fibers"], "fibers"):
                with self.subTest(kind):
                    report, answer = self.load(server.target, *option)
                    self.assertEqual((answer.returncode, answer.stderr), (0, ""))
                    self.assertEqual(report["errors"], {})
                    self.assertEqual((report["connections"], report["connected"]), (20, 20))
                    self.assertEqual(report["coroutines"], kind)
                    self.assertGreater(report["requests"], 0)
                    self.assertEqual(report["bytes_each_way"], 64 * report["requests"])
                    self.assertGreaterEqual(report["seconds"], 0.2)
                    times = [report["latency_ns"][q] for q in ("p50", "p90", "p99", "p99.9", "max")]
                    self.assertEqual(times, sorted(times))
                    self.assertGreater(times[0], 0)
            # Its connections have ended, not been reset.
            self.assertNotIn("reset", server.stop()[0])

    def test_summary(self):
        with Serve() as server:
            answer = weft("load", server.target, *self.SHORT)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        self.assertRegex(answer.stdout, r"(?m)^connections +20 of 20, made in .* s; tasks$")
        self.assertRegex(answer.stdout, r"(?m)^requests +[\d,]+, [\d,]+ a second, of 64 bytes")
        self.assertRegex(answer.stdout, r"(?m)^latency +p50 .* p90 .* p99 .* p99\.9 .* max ")
        self.assertRegex(answer.stdout, r"(?m)^errors +none$")

    def test_messages_of_any_size(self):
        # The longest fill the buffers of both sides: neither waits for the other for ever.
        with Serve() as server:
            for size in 1, 16_385, 8_000_000:
                with self.subTest(size):
                    few = ["--size", str(size), "--warm-up", "0", "--seconds", "1"]
                    answer = weft("load", server.target, *few, "--connections", "2", "--json")
                    report = json.loads(answer.stdout)
                    self.assertEqual(report["errors"], {})
                    self.assertGreater(report["requests"], 0)

    def test_upper_case_and_lines(self):
        with Serve("--upper", "--lines") as server:
            self.assertEqual(self.load(server.target, "--upper")[0]["errors"], {})
            self.assertEqual(self.load(server.target, "--no-check")[0]["errors"], {})
            report, answer = self.load(server.target)
            self.assertEqual((report["requests"], answer.returncode), (0, 1))
            self.assertEqual(list(report["errors"]), ["wrong answer"])
            self.assertEqual(answer.stderr, "weft load: no request was answered\n")

    def test_a_server_that_closes_is_connected_to_again(self):
        served = []

        def answer_twice(connection):
            served.append(connection)
            for _ in range(2):
                connection.sendall(connection.recv(4096))

        for option in [], ["--fibers"]:
            with self.subTest(option), Peer(answer_twice) as peer:
                served.clear()
                answer = weft("load", peer.target, "-c", "2", "-s", "1", "--json", *option)
                report = json.loads(answer.stdout)
                self.assertGreater(len(served), 2)
                self.assertGreater(sum(report["errors"].values()), 0)
                self.assertLessEqual(
                    set(report["errors"]), {"closed by the server", "Connection reset by peer"}
                )

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            target = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = weft("load", target)
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertEqual(
            answer.stderr, f"weft load: cannot connect to {target}: Connection refused\n"
        )

    def test_a_server_that_never_answers(self):
        with Peer(lambda connection: connection.recv(0) or connection.makefile().read()) as peer:
            report, answer = self.load(peer.target)
        self.assertEqual(answer.returncode, 1)
        self.assertEqual((report["requests"], report["errors"]), (0, {}))
        self.assertIn("no request was answered", answer.stderr)

    def test_ctrl_c_ends_it_with_the_summary(self):
        enough = threading.Event()
        answered = []

        def count(connection):
            while message := connection.recv(4096):
                connection.sendall(message)
                answered.append(message)
                if len(answered) == 50:
                    enough.set()

        with Peer(count) as peer:
            load = subprocess.Popen(
                [WEFT, "load", peer.target, "-c", "2", "-s", "600", "--warm-up", "0"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.assertTrue(enough.wait(PATIENCE))
            load.send_signal(signal.SIGINT)
            out, err = load.communicate(timeout=PATIENCE)
        self.assertEqual((load.returncode, err), (0, ""))
        self.assertRegex(out, r"(?m)^measured +[\d.]+ s \(interrupted\)$")


class Conversations(unittest.TestCase):
    def test_half_tasks_half_fibers(self):
        answer = weft("conversations", "-c", "51", "-s", "0.1", "--json")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        report = json.loads(answer.stdout)
        self.assertEqual((report["held"], report["tasks"], report["fibers"]), (51, 26, 25))
        self.assertEqual((report["broken"], report["left_open"]), (0, 0))
        self.assertGreater(report["load"]["requests"], 0)
        self.assertEqual(report["load"]["coroutines"], "tasks and fibers")

    def test_of_one_kind(self):
        for kind in "tasks", "fibers":
            answer = weft("conversations", "-c", "7", "-s", "0.1", "--kind", kind, "--json")
            self.assertEqual(json.loads(answer.stdout)[kind], 7)

    def test_for_people(self):
        shown = weft("conversations", "-c", "10", "-s", "0.1").stdout
        self.assertRegex(shown, r"(?m)^held +10 connections.* 5 tasks and 5 fibers$")
        self.assertRegex(shown, r"(?m)^silent +\d+\.\d % of a processor")
        self.assertRegex(shown, r"(?m)^memory +-?[\d.]+ KiB a connection")
        self.assertRegex(shown, r"(?m)^closed +all 10 again")

    def test_fewer_where_files_are_few(self):
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

        answer = weft("conversations", "-s", "0.1", "--json", preexec_fn=few_files)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(json.loads(answer.stdout)["held"], 68)
        self.assertIn("note: 68 connections instead of 10,000", answer.stderr)


if __name__ == "__main__":
    WEFT = sys.argv.pop(1)
    unittest.main()
