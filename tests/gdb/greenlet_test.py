#!/usr/bin/env python3
"""Tests that a backtrace inside a greenlet shows its functions and ends at its entry.

    greenlet_test.py PROGRAM

Exits with 77 (skipped) where gdb is missing or may not trace a process.
"""

import re
import shutil
import subprocess
import sys

SKIPPED = 77
# Of each frame, the outermost last.
FRAMES = [r"stop_here", r"dive", r"dive", r"dive", r"\boperator\(\)|<lambda\(int\)>"]
LAST = r"#\d+ .*\bweft_context_trampoline\b"


def main():
    if shutil.which("gdb") is None:
        print("gdb is not installed: skipped")
        return SKIPPED
    command = ["gdb", "-nx", "-batch", "-ex", "break stop_here", "-ex", "run", "-ex", "backtrace"]
    result = subprocess.run(
        [*command, "-ex", "kill", sys.argv[1]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    text = result.stdout + result.stderr
    if "Breakpoint 1, " not in text:
        print(f"gdb cannot run a program here: skipped\n{text}")
        return SKIPPED
    frames = [line for line in text.splitlines() if re.match(r"#\d+ ", line)]
    if "previous frame" in text or "corrupt stack" in text:
        print(f"gdb lost its way:\n{text}")
        return 1
    if len(frames) > 20 or not frames or not re.match(LAST, frames[-1]):
        print(f"the backtrace does not end at the entry of the greenlet:\n{text}")
        return 1
    for pattern, line in zip(FRAMES, frames):
        if not re.search(pattern, line):
            print(f"{pattern} is missing in '{line}':\n{text}")
            return 1
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
