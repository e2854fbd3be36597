#!/usr/bin/env python3
"""Tests `weft pipe` through the program itself: pipe_test.py PROGRAM [unittest option...]

Nothing sleeps: a test waits for what the program writes.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
TIMEOUT_S = 30


def weft(*words, stdin=""):
    """Runs `weft pipe` to its end."""
    return subprocess.run(
        [PROGRAM, "pipe", *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


class Pipe(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = pathlib.Path(self.folder.name) / "log"
        self.out = pathlib.Path(self.folder.name) / "out"

    def write(self, text, how="w"):
        with open(self.log, how, encoding="utf-8") as file:
            file.write(text)

    def start(self, *words, **streams):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        process = subprocess.Popen([PROGRAM, "pipe", *map(str, words)], text=True, **streams)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait(TIMEOUT_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def assert_done(self, done, status=0, out=None, err=None):
        self.assertEqual((done.returncode, done.stderr if err is not None else None),
                         (status, err), done)
        if out is not None:
            self.assertEqual(done.stdout, out)


class Search(Pipe):
    def test_standard_input_is_read_when_no_file_is_named(self):
        self.assert_done(weft("--grep", "b", stdin="a\nb\nxbx"), 0, "b\nxbx\n", "")
        self.assert_done(weft("-", "--grep", "b", stdin="b\n"), 0, "b\n", "")

    def test_a_line_that_matches_several_patterns_is_written_once_in_its_place(self):
        text = "ply\npython ply\nnone\npython\n"
        done = weft("--grep", "python", "--grep", "ply", stdin=text)
        self.assert_done(done, 0, "ply\npython ply\npython\n", "")
        done = weft("--grep", "python", "--grep", "ply", "--all", stdin=text)
        self.assert_done(done, 0, "python ply\n", "")
        done = weft("--regex", "^p", "--exclude", "python", stdin=text)
        self.assert_done(done, 0, "ply\n", "")
        done = weft("--grep", "PYTHON", "--ignore-case", stdin=text)
        self.assert_done(done, 0, "python ply\npython\n", "")

    def test_without_patterns_all_lines_pass(self):
        process = subprocess.run([PROGRAM, "pipe"], input=b"a\r\n\n\0b", capture_output=True,
                                 timeout=TIMEOUT_S, check=False)
        self.assertEqual(process.stdout, b"a\r\n\n\0b\n")

    def test_a_file_may_come_after_a_pattern(self):
        self.write("a\nb\n")
        self.assert_done(weft("-g", "a", "-x", "c", self.log), 0, "a\n", "")

    def test_a_table_of_counts_comes_last(self):
        text = "python\nply\nnothing\npython ply\n"
        done = weft("--grep", "python", "--grep", "ply", "--count", stdin=text)
        self.assertEqual(done.stdout, "python\nply\npython ply\n")
        rows = [line.split()[:2] for line in done.stderr.splitlines()]
        self.assertEqual(rows, [["2", "python"], ["2", "ply"], ["3", "matched"], ["4", "lines,"]])

    def test_quiet_writes_no_lines_and_the_counts_to_standard_output(self):
        done = weft("--grep", "a", "--count", "--quiet", stdin="a\nb\n")
        self.assertEqual(done.stderr, "")
        rows = [line.split()[:2] for line in done.stdout.splitlines()]
        self.assertEqual(rows, [["1", "a"], ["1", "matched"], ["2", "lines,"]])

    def test_tee_writes_a_file_or_appends_to_it(self):
        for words, expected in (([], "a\n"), (["--append"], "a\na\n"), ([], "a\n")):
            self.assert_done(weft("--grep", "a", "--tee", self.out, *words, stdin="a\nb\n"), 0)
            self.assertEqual(self.out.read_text(), expected)


BUSES = """<?xml version="1.0"?>
<buses>
  <bus n="1"><id>7</id><route>22</route><direction>North Bound</direction></bus>
  <bus><id>8</id><route>22</route><direction><![CDATA[South\tBound]]></direction></bus>
  <bus><id>9</id><route>147</route><stop/><stop>a\\b</stop></bus>
</buses>
"""


class Xml(Pipe):
    def test_elements_are_written_one_a_line(self):
        done = weft("--xml", "bus", stdin=BUSES)
        self.assert_done(done, 0, "@n=1\tid=7\troute=22\tdirection=North Bound\n"
                                  "id=8\troute=22\tdirection=South\\tBound\n"
                                  "id=9\troute=147\tstop=\tstop=a\\\\b\n", "")
        done = weft("--xml", "bus", "--json", "--where", "id=9", stdin=BUSES)
        self.assert_done(done, 0, '{"id":"9","route":"147","stop":["","a\\\\b"]}\n', "")

    def test_all_conditions_must_hold(self):
        self.write(BUSES)
        done = weft(self.log, "--xml", "bus", "--where", "route=22", "-w", "direction=North Bound",
                    "--count", "--tee", self.out)
        self.assertEqual(done.stdout, "@n=1\tid=7\troute=22\tdirection=North Bound\n")
        self.assertEqual(self.out.read_text(), done.stdout)
        rows = [line.split()[:2] for line in done.stderr.splitlines()]
        self.assertEqual(rows, [["1", "matched"], ["3", "records,"]])
        done = weft(self.log, "--xml", "bus", "--where", "none=", stdin="")
        self.assert_done(done, 0, "", "")

    def test_a_document_that_is_wrong_is_named_with_the_place_and_others_are_read(self):
        self.write("<a>\n  <bus><id>1</id></bus></b>")
        done = weft(self.log, "-", "--xml", "bus", "--where", "id=1",
                    stdin="<a><bus><id>1</id></bus></a>")
        self.assert_done(done, 1, "id=1\nid=1\n", f"weft pipe: {self.log}:2:26: mismatched tag\n")
        done = weft("--xml", "bus", stdin="<a>")
        self.assert_done(done, 1, "", "weft pipe: standard input:1:4: the document ends inside of "
                                      "1 element that is open\n")

    def test_a_signal_ends_the_reading_of_standard_input(self):
        process = self.start("--xml", "bus", stdin=subprocess.PIPE)
        process.stdin.write("<a><bus><id>1</id></bus>")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "id=1\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_S), 128 + signal.SIGTERM)

    def test_wrong_usage(self):
        for words, part in (
            (["--where", "a=b"], "--where belongs to --xml"),
            (["--json"], "--json belongs to --xml"),
            (["--xml", "a", "--grep", "b"], "patterns are for lines"),
            (["--xml", "a", "--follow", "b"], "--follow is for lines"),
            (["--xml", "a", "--threads", "2"], "are for lines"),
            (["--xml", "a", "--split-by", "1", "--count"], "are for lines"),
            (["--xml", "a", "--ignore-case"], "which are for lines"),
            (["--xml", "a", "--where", "b"], "KEY=VALUE, not b"),
            (["--xml", "a", "--where", "=b"], "KEY=VALUE, not =b"),
        ):
            done = weft(*words, stdin="")
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(part, done.stderr)


class Faults(Pipe):
    def test_an_input_that_cannot_be_read_is_named_and_the_others_are_read(self):
        self.write("a\n")
        missing = self.folder.name + "/none"
        done = weft(missing, self.log, self.folder.name, "--grep", "a")
        self.assert_done(done, 1, "a\n",
                         f"weft pipe: reading {missing}: No such file or directory\n"
                         f"weft pipe: reading {self.folder.name}: Is a directory\n")

    def test_a_full_disk_is_named(self):
        done = weft("--tee", "/dev/full", stdin="a\n")
        self.assert_done(done, 1, "a\n", "weft pipe: writing /dev/full: No space left on device\n")
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = self.start("--grep", "a", "--tee", self.out, stdin=subprocess.PIPE,
                                 stdout=full)
            _, err = process.communicate("a\n", TIMEOUT_S)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(err, "weft pipe: writing standard output: No space left on device\n")
        self.assertEqual(self.out.read_text(), "a\n")

    def test_the_counts_on_a_full_disk_are_named(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = self.start("--quiet", "--count", stdin=subprocess.PIPE, stdout=full)
            _, err = process.communicate("a\n", TIMEOUT_S)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(err, "weft pipe: writing standard output: No space left on device\n")

    def test_an_input_is_never_written_over(self):
        self.write("a\n")
        done = weft(self.log, "--tee", self.log)
        self.assert_done(done, 1, "", f"weft pipe: writing {self.log}: it is also read, "
                                      f"as {self.log}\n")
        self.assertEqual(self.log.read_text(), "a\n")

    def test_wrong_usage_has_a_status_of_its_own(self):
        for words, part in (
            (["--nonsense"], "--nonsense"),
            (["--regex", "a("], "Unmatched ( or \\("),
            (["--grep", "a\nb"], "newline"),
            (["--follow", "x", "y"], "leave y out"),
            (["--from-start"], "--follow"),
            (["--append"], "--tee"),
            (["--all"], "--grep"),
        ):
            done = weft(*words)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(part, done.stderr)
            self.assertTrue(done.stderr.startswith("weft pipe: "), done.stderr)


class ClosedOutput(Pipe):
    def test_it_ends_in_silence_when_nobody_reads(self):
        self.write("a line\n" * 1_000_000)
        process = self.start(self.log)
        self.assertEqual(process.stdout.readline(), "a line\n")
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "")
        self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_tee_gets_everything_all_the_same(self):
        self.write("a line\n" * 1_000_000)
        process = self.start(self.log, "--tee", self.out)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        self.assertEqual(self.out.stat().st_size, self.log.stat().st_size)


class Workers(Pipe):
    """--threads, --processes and --split-by."""

    WAYS = (["--threads", "3"], ["--processes", "2"])

    def write_large(self):
        """More than a few parts of a file that workers share."""
        hosts = ("alpha", "beta", "gamma")
        self.write("".join(f"{hosts[n % 3]} /page{n % 50} {n}\n" for n in range(500_000)))

    def test_the_output_and_the_counts_are_those_of_one_thread(self):
        self.write_large()
        words = [self.log, "--grep", "page7", "--grep", "beta", "--exclude", "99", "--count"]
        one = weft(*words)
        for way in self.WAYS:
            for done in (weft(*words, *way), weft("-", *words[1:], *way,
                                                  stdin=self.log.read_text())):
                self.assertTrue(done.stdout == one.stdout, way)
                rows = [row.split()[:2] for row in done.stderr.splitlines()]
                self.assertEqual(rows, [row.split()[:2] for row in one.stderr.splitlines()])

    def test_lines_of_a_pipe_are_written_as_they_come(self):
        for way in self.WAYS:
            process = self.start("--grep", "a", *way, stdin=subprocess.PIPE)
            for line in ("a1\n", "a2\n"):
                process.stdin.write(line)
                process.stdin.flush()
                self.assertEqual(process.stdout.readline(), line)
            process.stdin.close()
            self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_an_input_that_is_missing_is_told_in_its_place(self):
        self.write_large()
        done = weft(self.log, self.folder.name + "/none", self.log, "--grep", "499999",
                    "--threads", "2")
        self.assert_done(done, 1, "beta /page49 499999\n" * 2,
                         f"weft pipe: reading {self.folder.name}/none: "
                         "No such file or directory\n")

    def test_a_full_disk_is_named_and_standard_output_has_its_lines(self):
        self.write_large()
        expected = weft(self.log, "--grep", "alpha /page3 ").stdout
        for way in self.WAYS:
            done = weft(self.log, "--grep", "alpha /page3 ", "--tee", "/dev/full", *way)
            self.assert_done(done, 1, None,
                             "weft pipe: writing /dev/full: No space left on device\n")
            self.assertTrue(done.stdout and expected.startswith(done.stdout))

    def test_it_ends_in_silence_when_nobody_reads(self):
        self.write_large()
        for way in self.WAYS:
            process = self.start(self.log, *way)
            self.assertEqual(process.stdout.readline(), "alpha /page0 0\n")
            process.stdout.close()
            self.assertEqual(process.stderr.read(), "")
            self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_each_key_has_a_file_with_its_lines_in_order(self):
        self.write_large()
        lines = self.log.read_text().splitlines()
        for way in (["--threads", "1"], *self.WAYS):
            done = weft(self.log, "--split-by", "1", "--tee", self.folder.name + "/by-{}",
                        "--quiet", "--count", "--grep", "page7 ", *way)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual([row.split() for row in done.stdout.splitlines()[-3:]],
                             [["3,334", "beta"], ["3,333", "alpha"], ["3,333", "gamma"]])
            for host in ("alpha", "beta", "gamma"):
                file = pathlib.Path(self.folder.name) / f"by-{host}"
                self.assertEqual(file.read_text().splitlines(),
                                 [x for x in lines if x.startswith(host) and "page7 " in x])
                file.unlink()

    def test_a_key_is_what_an_expression_matches_and_more_keys_than_open_files_are_fine(self):
        text = "".join(f"x user=u{n % 300} {n}\n" for n in range(3000)) + "nobody\n"
        for way in ([], ["--threads", "2"]):
            done = weft("--split-by", "user=([a-z0-9]+)", "--tee", self.folder.name + "/{}.txt",
                        "--quiet", *way, stdin=text)
            self.assert_done(done, 0, "", "")
            for name, expected in (("u7", [f"x user=u7 {n}" for n in range(7, 3000, 300)]),
                                   ("none", ["nobody"])):
                file = pathlib.Path(self.folder.name) / f"{name}.txt"
                self.assertEqual(file.read_text().splitlines(), expected)

    def test_the_files_of_the_keys_are_written_while_a_log_is_followed(self):
        self.write("a one\n")
        process = self.start("--follow", self.log, "--from-start", "--split-by", "1", "--threads",
                             "2", "--tee", self.folder.name + "/key-{}")
        self.assertEqual(process.stdout.readline(), "a one\n")
        self.write("b two\n", "a")
        self.assertEqual(process.stdout.readline(), "b two\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        folder = pathlib.Path(self.folder.name)
        self.assertEqual((folder / "key-a").read_text(), "a one\n")
        self.assertEqual((folder / "key-b").read_text(), "b two\n")

    def test_a_file_of_a_key_that_cannot_be_written_is_named(self):
        for way in ([], *self.WAYS):
            done = weft("--split-by", "1", "--tee", self.folder.name + "/none/{}", *way,
                        stdin="a\n")
            self.assert_done(done, 1, "a\n", f"weft pipe: writing {self.folder.name}/none/a: "
                                             "No such file or directory\n")
        self.write("log\n")
        done = weft(self.log, "--split-by", "1", "--tee", self.folder.name + "/{}")
        self.assert_done(done, 1, "log\n", f"weft pipe: writing {self.folder.name}/log: "
                                           "it is also read: Resource deadlock avoided\n")
        self.assertEqual(self.log.read_text(), "log\n")

    def test_wrong_usage_is_told(self):
        for words, part in (
            (["--threads", "0"], "--threads"),
            (["--threads", "2", "--processes", "2"], "give one of them"),
            (["--split-by", "1"], "--count"),
            (["--split-by", "0", "--count"], "number 1"),
            (["--split-by", "a(", "--count"], "Unmatched ( or \\("),
        ):
            done = weft(*words)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(part, done.stderr)


class Follow(Pipe):
    def follow(self, *words, **streams):
        """Follows the log, and is sure that it does: what was there from the start has arrived."""
        self.write("start python\n")
        process = self.start("--follow", self.log, "--from-start", "--grep", "python", *words,
                             **streams)
        if streams.get("stdout") is None:
            self.assertEqual(process.stdout.readline(), "start python\n")
        return process

    def stop(self, process, how=signal.SIGINT):
        process.send_signal(how)
        out = process.stdout.read()
        err = process.stderr.read()
        self.assertEqual(process.wait(TIMEOUT_S), 0, err)
        return out, err

    def test_lines_are_written_as_they_come_and_counts_as_well(self):
        process = self.follow("--grep", "ply", "--count", "--tee", self.out)
        self.assertEqual(process.stderr.readline(), "1 lines, 1 matched: python 1, ply 0\n")
        self.write("ply\nnothing\n", "a")
        self.assertEqual(process.stdout.readline(), "ply\n")
        self.assertEqual(self.out.read_text(), "start python\nply\n")
        self.write("half a python", "a")
        out, err = self.stop(process)
        self.assertEqual(out, "half a python\n")
        self.assertEqual(self.out.read_text(), "start python\nply\nhalf a python\n")
        rows = [line.split()[:2] for line in err.splitlines()[-4:]]
        self.assertEqual(rows, [["2", "python"], ["1", "ply"], ["3", "matched"], ["4", "lines,"]])

    def test_a_rotated_and_a_truncated_file_are_followed(self):
        process = self.follow()
        self.log.rename(self.folder.name + "/log.1")
        self.write("rotated python\n")
        self.assertEqual(process.stdout.readline(), "rotated python\n")
        self.write("")
        self.write("truncated python, a longer line\n", "a")
        self.assertEqual(process.stdout.readline(), "truncated python, a longer line\n")
        self.assertEqual(self.stop(process, signal.SIGTERM), ("", ""))

    def test_only_new_lines_are_written_without_from_start(self):
        self.write("before\n")
        process = self.start("--follow", self.log, "--count")
        # Its first line of counts tells that it has begun.
        self.assertEqual(process.stderr.readline(), "0 lines, 0 matched\n")
        self.write("one\n", "a")
        self.assertEqual(process.stdout.readline(), "one\n")
        self.stop(process)

    def test_it_stops_when_nobody_reads_and_loses_nothing_of_tee(self):
        process = self.follow("--tee", self.out)
        process.stdout.close()
        self.write("one python\n", "a")
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        self.assertEqual(process.stderr.read(), "")
        self.assertEqual(self.out.read_text(), "start python\none python\n")

    def test_a_directory_cannot_be_followed(self):
        done = weft("--follow", self.folder.name)
        self.assert_done(done, 1, "",
                         f"weft pipe: following {self.folder.name}: Is a directory\n")


class Input(Pipe):
    def test_lines_of_a_pipe_are_written_as_they_come(self):
        process = self.start("--grep", "a", stdin=subprocess.PIPE)
        for line in ("a1\n", "a2\n"):
            process.stdin.write(line)
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), line)
        process.stdin.close()
        self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_an_interrupt_loses_nothing_that_was_read(self):
        process = self.start("--tee", self.out, "--count", stdin=subprocess.PIPE)
        process.stdin.write("one\nhalf")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "one\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.read(), "half\n")
        self.assertIn("matched", process.stderr.read())
        self.assertEqual(process.wait(TIMEOUT_S), 128 + signal.SIGINT)
        self.assertEqual(self.out.read_text(), "one\nhalf\n")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
