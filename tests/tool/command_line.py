#!/usr/bin/env python3
"""The command line of the program: help, exit codes, suggestions, colours, a full disk.

    command_line.py PATH_TO_WEFT
"""

import json
import os
import pty
import re
import subprocess
import sys
import unittest

WEFT = "weft"


def weft(*arguments, environment=None):
    return subprocess.run(
        [WEFT, *arguments], capture_output=True, text=True, timeout=100, env=environment
    )


def commands():
    listed = weft("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def on_a_terminal(*arguments, **variables):
    """What the program writes to standard output when that is a terminal."""
    main, terminal = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment.update(TERM="xterm", **variables)
    program = subprocess.Popen([WEFT, *arguments], stdout=terminal, env=environment)
    os.close(terminal)
    written = b""
    while True:
        try:
            block = os.read(main, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not block:
            break
        written += block
    os.close(main)
    program.wait()
    return written.decode()


class Help(unittest.TestCase):
    def test_it_names_every_command(self):
        self.assertLessEqual({"tour", "pipe", "serve", "load", "bench", "doctor"}, set(commands()))

    def test_every_command_has_help_that_ends_with_an_example(self):
        for command in commands():
            with self.subTest(command):
                help_page = weft(command, "--help")
                self.assertEqual(help_page.returncode, 0)
                self.assertIn(f"Usage: weft {command}", help_page.stdout)
                self.assertRegex(help_page.stdout, rf"(?s)Example.*weft {command}")
                self.assertEqual(help_page.stderr, "")

    def test_help_fits_a_terminal(self):
        for command in [[], *([c] for c in commands())]:
            with self.subTest(command):
                longest = max(map(len, weft(*command, "--help").stdout.splitlines()))
                self.assertLessEqual(longest, 100)

    def test_no_arguments_is_help(self):
        self.assertEqual(weft().stdout, weft("--help").stdout)
        self.assertEqual(weft().returncode, 0)

    def test_version(self):
        version = weft("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"^weft \d+\.\d+\.\d+\n$")


class WrongUsage(unittest.TestCase):
    def refused(self, *arguments):
        answer = weft(*arguments)
        self.assertEqual(answer.returncode, 2, answer.stderr)
        self.assertEqual(answer.stdout, "")
        self.assertTrue(answer.stderr.startswith("weft"), answer.stderr)
        return answer.stderr

    def test_an_unknown_command_gets_a_suggestion(self):
        self.assertIn("did you mean 'tour'?", self.refused("tuor"))
        self.assertIn("did you mean 'doctor'?", self.refused("docter"))

    def test_a_strange_command_gets_the_list(self):
        self.assertIn("tour", self.refused("knit"))

    def test_unknown_options(self):
        self.refused("--nothing")
        for command in commands():
            with self.subTest(command):
                self.assertIn(f"weft {command} --help", self.refused(command, "--no-such-option"))

    def test_tour_knows_its_programs(self):
        self.assertIn("0.99", self.refused("tour", "0.99"))
        self.assertIn("--list", self.refused("tour", "0.3", "Z.1"))


class Tour(unittest.TestCase):
    def test_list(self):
        listed = weft("tour", "--list")
        self.assertEqual(listed.returncode, 0)
        self.assertRegex(listed.stdout, r"(?m)^0\.2 +fabbi\(100\)$")
        self.assertIn("Still to come:", listed.stdout.splitlines()[-1])

    def test_rows_and_sections(self):
        def ids(*arguments):
            listed = weft("tour", "--list", *arguments).stdout
            return re.findall(r"(?m)^(\w\.\d+) ", listed)

        self.assertEqual(ids("0.2"), ["0.2"])
        self.assertEqual(ids("000.2", "b.4"), ["0.2", "B.4"])
        self.assertEqual(ids("000"), ids("0"))
        self.assertEqual({i[0] for i in ids("1", "B")}, {"1", "B"})
        everything = ids()
        self.assertEqual(everything, sorted(everything, key=lambda i: (i[0], int(i[2:]))))

    def test_a_program_prints_its_output(self):
        shown = weft("tour", "0.3")
        self.assertEqual(shown.returncode, 0)
        self.assertIn("    in coroutine\n    send to coroutine\n", shown.stdout)

    def test_check_ends_with_the_sum(self):
        checked = weft("tour", "0.2", "0.3", "--check")
        self.assertEqual(checked.returncode, 0)
        lines = checked.stdout.splitlines()
        self.assertRegex(lines[0], r"^ok   0\.2 +fabbi\(100\) +\d+ ms$")
        self.assertEqual(lines[-1], "2 passed, 0 failed")


class Doctor(unittest.TestCase):
    def test_json(self):
        report = json.loads(weft("doctor", "--json").stdout)
        findings = {row["name"]: row for row in report["findings"]}
        self.assertLessEqual({"build", "kernel", "inotify", "io_uring"}, set(findings))
        for row in findings.values():
            self.assertIn(row["status"], ("ok", "note", "problem"))
            if row["status"] != "ok":
                self.assertTrue(row["remedy"])

    def test_the_driver_and_why(self):
        def finding(name, **environment):
            answer = weft("doctor", "--json", environment={**os.environ, **environment})
            rows = {row["name"]: row for row in json.loads(answer.stdout)["findings"]}
            return answer.returncode, rows[name]

        unset = finding("driver", WEFT_DRIVER="")
        self.assertEqual(unset[0], 0)
        self.assertTrue(unset[1]["value"].startswith("epoll, the default"))
        forced = finding("driver", WEFT_DRIVER="epoll")
        self.assertEqual(forced[1]["value"], "epoll, as WEFT_DRIVER asks")
        code, misspelt = finding("driver", WEFT_DRIVER="iouring")
        self.assertEqual(code, 1)
        self.assertEqual(misspelt["status"], "problem")
        self.assertIn("epoll or io_uring", misspelt["value"])
        uring = finding("driver", WEFT_DRIVER="io_uring")[1]
        possible = finding("io_uring")[1]["status"] == "ok"
        self.assertEqual(uring["status"], "ok" if possible else "problem")

    def test_every_line_says_how_it_is(self):
        answer = weft("doctor")
        table = answer.stdout.split("\n\n")[0].splitlines()
        for line in table:
            self.assertRegex(line, r"^(ok|note|problem) +\w|^  +->")


class Output(unittest.TestCase):
    def test_colours_on_a_terminal_only(self):
        self.assertIn("\033[", on_a_terminal("tour", "0.3"))
        self.assertNotIn("\033[", on_a_terminal("tour", "0.3", NO_COLOR="1"))
        self.assertNotIn("\033[", weft("tour", "0.3").stdout)

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w") as full:
            answer = subprocess.run(
                [WEFT, "tour", "0.3"], stdout=full, stderr=subprocess.PIPE, text=True
            )
        self.assertEqual(answer.returncode, 1)
        self.assertTrue(answer.stderr.startswith("weft tour: "), answer.stderr)


if __name__ == "__main__":
    WEFT = sys.argv.pop(1)
    unittest.main()
