#!/usr/bin/env python3
"""weft serve with several loops.

    serve_threads.py PATH_TO_WEFT
"""

import re
import subprocess
import sys
import unittest

import network
from network import Serve, ask


class Threads(unittest.TestCase):
    def test_each_loop_gets_connections(self):
        for option in [], ["--fibers", "--lines"]:
            with self.subTest(option), Serve("--threads", "3", *option) as server:
                self.assertIn(", on 3 loops", server.where)
                # Which loop gets one is the kernel's choice: of 60, each some.
                clients = [server.connect() for _ in range(60)]
                for client in clients:
                    self.assertEqual(ask(client, b"hello\n"), b"hello\n")
                    client.close()
                out, _, status = server.stop()
                self.assertEqual(status, 0)
                self.assertIn("served 60 connections", out)
                found = re.search(r"\nby loop: (\d+) conn\w+ (\d+) conn\w+ (\d+) conn\w+\n$", out)
                self.assertEqual(sum(map(int, found.groups())), 60)
                self.assertTrue(all(map(int, found.groups())), out)

    def test_a_limit_is_shared_out(self):
        wrong = subprocess.run(
            [network.WEFT, "serve", "--threads", "3", "--max-connections", "2"],
            capture_output=True,
            text=True,
        )
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("give each at least one", wrong.stderr)


if __name__ == "__main__":
    network.WEFT = sys.argv.pop(1)
    unittest.main()
