#!/usr/bin/env python3
"""Tests scripts/gdb/weft_gdb.py: on a live process and on its core file.

    gdb_test.py --script weft_gdb.py --program suspended --work FOLDER

Exits with 77 (skipped) where gdb is missing, has no Python, or may not trace a process.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
FIRST = ["weft generator g"]
SECOND = [
    "weft generator g",
    "weft generator fresh",
    "weft generator delegating",
    "weft chain delegating",
    "weft generator sink",
    "weft generator &sink",
    "weft generator finished",
]
MISTAKES = ["weft generator plain", "weft generator", "weft frame 0", "weft generator nobody"]

# Regular expressions that must follow each other in what is printed.
AT_FIRST = [
    r"generator '.*haha' at 0x[0-9a-f]+: suspended",
    r"at suspended.cpp:15, suspension 1",
    r"\bb = 1\b",
    r"\bc = 10\b",
    r'\btext = .*"kaka!',  # with libstdc++'s printers and without
]
AT_SECOND = [
    r"generator '.*haha' at 0x[0-9a-f]+: suspended",
    r"at suspended.cpp:19, suspension 2",
    r"\bb = 11\b",
    r"\bc = 10\b",
    r"\binner = ",
    r"generator '.*haha' at 0x[0-9a-f]+: created",
    r"created in suspended.cpp:\d+",
    r"generator '.*outer' at 0x[0-9a-f]+: suspended",
    r"at suspended.cpp:25, suspension 1",
    r"delegates to '.*haha'",
    r"\blevel = 1\b",
    r"#0  .*outer  suspended.cpp:25  suspended",
    r"#1  .*haha  suspended.cpp:15  suspended",
    r"consumer '.*total' at 0x[0-9a-f]+: suspended",
    r"at suspended.cpp:31, suspension 1",
    r"\blimit = 100\b",
    r"\bsum = 5\b",
    r"consumer '.*total'",
    r"finished has ended or was moved from: it has no frame",
]
OF_MISTAKES = [
    r"plain is neither a weft::generator nor a weft::consumer",
    r"name a generator or a consumer: weft generator g",
    r"there is no frame at 0x0",
    r'No symbol "nobody"',
]


class Failure(Exception):
    pass


def gdb(script, commands, arguments):
    """What gdb prints. Each command runs even when the one before it fails."""
    command = ["gdb", "-nx", "-batch", "-ex", f"source {script}"]
    for each in commands:
        command += ["-ex", each]
    result = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    return result.stdout + result.stderr


def expect(text, patterns):
    at = 0
    for pattern in patterns:
        found = re.compile(pattern).search(text, at)
        if not found:
            raise Failure(f"missing, or out of order: {pattern}\nin what gdb printed:\n{text}")
        at = found.end()


def of_fresh(text):
    """The part about the generator that was not started: it has arguments and no locals."""
    part = text.split(": created")[1].split("generator '")[0]
    expect(part, [r"\bstart = 1"])
    if re.search(r"\bb = |\bc = |\btext = ", part):
        raise Failure(f"locals that do not live yet are shown:\n{part}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--script", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    options = parser.parse_args()
    if shutil.which("gdb") is None:
        print("gdb is not installed: skipped")
        return SKIPPED
    options.work.mkdir(parents=True, exist_ok=True)
    core = options.work / "core"
    core.unlink(missing_ok=True)

    stop = ["break look_here", "run", "up"]
    live = [*stop, *FIRST, "echo \n--second--\n", "continue", "up", *SECOND, *MISTAKES]
    text = gdb(options.script, [*live, f"generate-core-file {core}", "kill"], [options.program])
    if "Breakpoint 1, " not in text:
        print(f"gdb cannot run a program here: skipped\n{text}")
        return SKIPPED
    first, second = text.split("--second--")
    try:
        expect(first, AT_FIRST)
        expect(second, AT_SECOND + OF_MISTAKES)
        of_fresh(second)
        if core.exists():
            dead = gdb(options.script, ["up", *SECOND], [options.program, core])
            expect(dead, AT_SECOND)
            of_fresh(dead)
        else:
            print("gdb wrote no core file: that part is skipped")
    except Failure as failure:
        print(failure)
        return 1
    core.unlink(missing_ok=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
