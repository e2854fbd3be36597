#!/usr/bin/env python3
"""Tests the command `weft bench`: what it lists, the keys of its rows, and how it answers mistakes.

command_test.py TOOL FOLDER_OF_PROGRAMS
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = pathlib.Path(sys.argv.pop())
TOOL = sys.argv.pop()
KEYS = ["name", "metric", "unit", "weft", "min", "max", "runs", "peer", "peer_value", "ratio"]


def run(*command, **environment):
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}
    )


def bench(*arguments, **environment):
    return run(TOOL, "bench", *arguments, **environment)


class BenchCommand(unittest.TestCase):
    def test_lists_the_benchmarks(self):
        answer = bench("--list")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        lines = answer.stdout.splitlines()
        names = [line.split()[0] for line in lines if not line.startswith(" ")]
        self.assertIn("generator.for", names)
        self.assertIn("pipeline.grep-block", names)
        self.assertEqual(len(names), len(set(names)))

    def test_lists_what_a_prefix_names_and_the_exact_name_alone(self):
        self.assertEqual(bench("--list", "consumer.send").stdout.count("against"), 1)
        self.assertGreater(bench("--list", "consumer").stdout.count("against"), 1)

    def test_json_is_one_array_of_rows_with_the_keys(self):
        answer = bench("--json", "--runs", "1", "generator.for", "generator.create")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        rows = json.loads(answer.stdout)
        self.assertEqual([row["name"] for row in rows], ["generator.for", "generator.create"])
        self.assertEqual(list(rows[0]), KEYS + ["bar", "met"])
        self.assertEqual(list(rows[1]), KEYS)
        for row in rows:
            self.assertEqual(row["runs"], 1)
            self.assertLessEqual(row["min"], row["weft"])
            self.assertLessEqual(row["weft"], row["max"])
            self.assertAlmostEqual(row["ratio"], row["weft"] / row["peer_value"], places=6)
        self.assertEqual(rows[0]["bar"], "<= 1.15")
        self.assertEqual(rows[0]["met"], rows[0]["ratio"] <= 1.15)

    def test_an_unknown_name_is_wrong_usage_with_a_hint(self):
        answer = bench("generator.fro")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("did you mean 'generator.for'", answer.stderr)

    def test_a_processor_that_is_not_there_is_an_error(self):
        answer = bench("--cpu", "1000", "--runs", "1", "generator.for")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("--cpu 1000", answer.stderr)

    def test_without_programs_it_says_what_is_missing(self):
        answer = bench("--runs", "1", "generator.for", WEFT_BENCH_DIR="/nowhere")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("no benchmark programs in WEFT_BENCH_DIR", answer.stderr)

    def test_a_peer_that_is_not_installed_is_named_and_not_invented(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("generator_for", "generator_tree"):
                (pathlib.Path(folder) / name).symlink_to(PROGRAMS / name)
            answer = bench("--json", "--runs", "1", "generator.tree20", WEFT_BENCH_DIR=folder)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        (row,) = json.loads(answer.stdout)
        self.assertEqual(row["peer"], "Boost.Coroutine2 (not installed)")
        self.assertEqual((row["peer_value"], row["ratio"], row["met"]), (None, None, None))
        self.assertGreater(row["weft"], 0)

    def run_with_figures(self, name, **figures):
        """A row of a benchmark whose programs print these figures, each after its metric."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "generator_for").symlink_to(PROGRAMS / "generator_for")
            for program, line in figures.items():
                script = pathlib.Path(folder) / program
                script.write_text(f"#!/bin/sh\necho {line}\n")
                script.chmod(0o755)
            answer = bench("--json", "--runs", "1", name, WEFT_BENCH_DIR=folder)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        (row,) = json.loads(answer.stdout)
        return row

    def test_of_several_peers_the_best_one_counts(self):
        row = self.run_with_figures(
            "spawn.task",
            spawn_join="ns_per_spawn 10",
            peer_tokio="ns_per_spawn 40",
            peer_go="ns_per_spawn 20",
            spawn_join_fiber="ns_per_spawn 50",
        )
        self.assertEqual((row["peer"], row["peer_value"], row["ratio"]), ("Go", 20, 0.5))
        self.assertEqual((row["bar"], row["met"]), ("<= 0.3", False))
        self.assertEqual(
            [(peer["name"], peer["value"], peer["ratio"]) for peer in row["peers"]],
            [
                ("Tokio", 40, 0.25),
                ("Go", 20, 0.5),
                ("Boost.Asio", None, None),
                ("Boost.Fiber", 50, 0.2),
            ],
        )

    def test_without_any_of_several_peers_nothing_is_said_of_the_bar(self):
        row = self.run_with_figures("spawn.task", spawn_join="ns_per_spawn 10")
        self.assertEqual((row["peer"], row["met"]), ("Tokio (not installed)", None))

    def test_a_bar_can_be_on_the_figure(self):
        row = self.run_with_figures("await.nested", await_nested="ns_per_await 9")
        self.assertEqual((row["bar"], row["met"]), ("<= 10 ns", True))
        self.assertEqual((row["peer"], row["ratio"]), (None, None))
        row = self.run_with_figures("await.nested", await_nested="ns_per_await 10.1")
        self.assertFalse(row["met"])

    def test_a_figure_can_be_zero(self):
        row = self.run_with_figures("idle.wakeups", idle_wakeups="a_second 0")
        self.assertEqual((row["weft"], row["bar"], row["met"]), (0, "<= 0 1/s", True))

    def test_a_bar_on_the_figure_can_have_peers_beside_it(self):
        row = self.run_with_figures(
            "sleep.task-memory", sleep_memory="bytes_per_task 300", peer_go="bytes_per_task 2400"
        )
        self.assertEqual((row["peer"], row["ratio"]), ("Go", 0.125))
        self.assertEqual((row["bar"], row["met"]), ("<= 320 B", True))

    def test_a_bar_can_be_a_floor_of_the_figure(self):
        row = self.run_with_figures("echo.connections-task", echo_connections="times_raw 0.95")
        self.assertEqual((row["bar"], row["met"]), (">= 0.9 x", True))
        row = self.run_with_figures("echo.connections-task", echo_connections="times_raw 0.85")
        self.assertFalse(row["met"])


class EchoPrograms(unittest.TestCase):
    """Every server that is built answers all that is asked of it; the figures are not looked at."""

    SERVERS = ("raw", "weft_task", "weft_fiber", "libuv", "asio", "tokio", "go")
    NOT_INSTALLED = 127

    def ask(self, program, side, metric):
        with self.subTest(program=program, side=side):
            answer = run(PROGRAMS / program, side, "0.1")
            if answer.returncode == self.NOT_INSTALLED:
                self.assertFalse(side.startswith(("raw", "weft")))
                return
            self.assertEqual(answer.returncode, 0, answer.stderr)
            what, value, *_ = answer.stdout.split()
            self.assertEqual(what, metric)
            self.assertGreaterEqual(float(value), 0)

    def test_every_server_is_compared_with_the_minimal_one(self):
        self.need_two_processors()
        for server in self.SERVERS:
            self.ask("echo", f"{server}-8", "times_raw")
            self.ask("echo_connections", f"{server}-8", "times_raw")

    def test_every_server_tells_its_memory(self):
        self.need_two_processors()
        for server in self.SERVERS:
            self.ask("echo_memory", f"{server}-300", "bytes_per_connection")

    def test_one_processor_is_an_error_that_says_so(self):
        one = str(min(os.sched_getaffinity(0)))
        answer = run("taskset", "-c", one, PROGRAMS / "echo", "raw-8", "0.1")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("two processors", answer.stderr)

    def test_an_unknown_server_is_wrong_usage(self):
        for side in ("", "rawer-8", "raw-", "raw-x", "raw--1"):
            answer = run(PROGRAMS / "echo", side)
            self.assertEqual(answer.returncode, 2, side)
            self.assertIn("servers: weft_task weft_fiber weft_task_2", answer.stderr)

    def need_two_processors(self):
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("one processor only")


class PipelinePrograms(unittest.TestCase):
    def test_all_sides_find_the_same_lines(self):
        sides = ("block", "lines", "grep", "python-generators", "python-coroutines")
        with tempfile.TemporaryDirectory() as folder:
            log = f"{folder}/hits.log"
            self.assertEqual(run(PROGRAMS / "make_log", log, "20000").returncode, 0)
            for side in sides:
                with self.subTest(side=side):
                    answer = run(PROGRAMS / "pipeline_grep", side, log)
                    self.assertEqual(answer.returncode, 0, answer.stderr)
                    self.assertEqual(answer.stdout.split()[0], "MB_per_s")


unittest.main(verbosity=2)
