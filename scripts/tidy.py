#!/usr/bin/env python3
"""Checks what the compilers do not: the include law, the size of lines and files, headers, names of
tests, constructs that g++ 12 miscompiles, formatting.

    scripts/tidy.py [--fix] [--list] [FILE...]

Prints 'file:line: rule: what to do' for each finding and fails when there is one. --fix lets
clang-format rewrite what it can. A line, or the one after it, is excused by

    // tidy: allow <rule> <why>
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

import tidy_coroutines
from cpp_text import Code, blank

COLUMNS_MAX = 100
LINES_MAX = 500
CLANG_FORMAT = "clang-format-19"

CPP = (".hpp", ".cpp", ".ipp")
TEXT = CPP + (".py", ".sh", ".cmake", ".in", ".txt")
# Files without an ending that are programs.
PROGRAMS = ("run", "test")

# The include law: which layers a layer may include, beside itself.
LAYERS = {
    "base": (),
    "machine": ("base",),
    "core": ("base", "machine"),
    "sync": ("base", "core"),
    "stream": ("base", "core", "sync"),
    "io": ("base", "core"),
    "net": ("base", "core", "sync", "stream", "io"),
    "file": ("base", "core", "sync", "stream", "io"),
    "process": ("base", "core", "sync", "stream", "io"),
    "tls": ("base", "core", "stream"),
    "http": ("base", "core", "sync", "stream"),
    "pipeline": ("base", "core", "sync", "stream", "file", "process"),
    "xml": ("base", "core", "stream", "pipeline"),
    "testing": ("base", "core", "stream"),
}
LAYERS["patch"] = tuple(LAYERS)
# weft/weft.hpp gives all but these.
NOT_IN_UMBRELLA = ("http", "tls", "xml", "patch", "testing")
# What the library itself must not need: these belong to the tools, the tests and the benchmarks.
NOT_IN_LIBRARY = ("boost/", "fmt/", "CLI/", "nlohmann/", "benchmark/", "gtest/", "gmock/")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
ALLOW = re.compile(r"(?://|#) tidy: allow ([\w-]+)(.*)")
SLEEP = re.compile(r"\bthis_thread\s*::\s*sleep_(?:for|until)\b|\b(?:u|nano)sleep\s*\(")


class Source:
    """A file of the repository. `path` is relative to its root, with forward slashes."""

    def __init__(self, root, path):
        self.root, self.path = root, path
        self.name = path.rsplit("/", 1)[-1]
        self.text = (root / path).read_text(encoding="utf-8")
        self.lines = self.text.split("\n")
        self.is_cpp = path.endswith(CPP)
        self.is_test = bool(re.search(r"_test\.[chi]pp$", path))
        parts = path.split("/")
        self.in_library = parts[0] == "weft"
        self.layer = parts[1] if self.in_library and len(parts) > 2 else None

    def includes(self):
        """Each include: its line, its quote, its path."""
        # Commented-out includes do not count; literals are blanked too, so the text is consulted.
        blanked = blank(re.sub(r'(include\s*)"([^"\n]*)"', r"\1<\2>", self.text))
        for match in INCLUDE.finditer(self.text):
            if blanked[match.start() : match.end()].strip():
                yield self.text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def size(source):
    """Lines of 100 columns, files of 500 lines, no stray whitespace."""
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, "columns", f"{len(line)} columns: break it, {COLUMNS_MAX} is the most"
        if line != line.rstrip() or "\t" in line:
            yield number, "whitespace", "no tabs, nothing at the end of a line"
    count = len(source.lines) - 1
    if count > LINES_MAX:
        yield LINES_MAX + 1, "lines", f"{count} lines: split it by idea, {LINES_MAX} is the most"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "whitespace", "end the last line"


def header(source):
    """A header has '#pragma once' before all code, and says what it is for before it declares."""
    if not source.name.endswith(".hpp"):
        return
    code = [line.strip() for line in blank(source.text).split("\n")]
    if next((line for line in code if line), "") != "#pragma once":
        yield 1, "header", "'#pragma once' comes before all code"
    for line, stripped in zip(source.lines, code):
        if re.match(r"\s*(//|/\*)(?! tidy:)", line):
            return
        if stripped and not stripped.startswith(("#", "namespace ")):
            break
    yield 1, "header", "say in a comment what it is for, before the first declaration"


def include_law(source):
    """A layer includes only what its row in DESIGN says; everybody else, what is public."""
    for number, quote, path in source.includes():
        target = path.split("/")
        if target[0] != "weft":
            yield from foreign_include(source, number, quote, path)
        elif path.endswith(("_test.hpp", ".cpp")) and not source.is_test:
            yield number, "include", f"'{path}' is not public: include a header that is"
        elif len(target) > 2 and target[1] == "patch" and source.layer != "patch":
            yield number, "include", "nobody includes weft/patch: link weft::patch"
        elif source.in_library and source.layer is None:
            if len(target) > 2 and target[1] in NOT_IN_UMBRELLA:
                yield number, "include", f"weft/weft.hpp does not give weft/{target[1]}"
        elif source.layer:
            yield from layer_include(source, number, path)


def foreign_include(source, number, quote, path):
    if source.in_library and quote == '"':
        yield number, "include", f"write the whole path: weft/<layer>/{path.rsplit('/', 1)[-1]}"
    elif re.search(r"\.\./.*\bweft/", path):
        yield number, "include", "include the library by its public path, weft/<layer>/x.hpp"
    elif source.in_library and not source.is_test and path.startswith(NOT_IN_LIBRARY):
        yield number, "include", f"the library does without '{path}'"


def layer_include(source, number, path):
    parts = path.split("/")
    allowed = (source.layer, *LAYERS.get(source.layer, ()))
    if source.is_test:
        allowed += ("testing",)  # simulated clocks and drivers are what tests are written with
    if source.layer == "http" and source.name.startswith("client"):
        allowed += ("io",)
    if len(parts) == 2:
        if not source.is_test:
            yield number, "include", f"'{path}' is for users: include what is needed of it"
    elif parts[1] not in allowed:
        above = "is no layer" if parts[1] not in LAYERS else f"is not below weft/{source.layer}"
        yield number, "include", f"weft/{parts[1]} {above}, which may include {', '.join(allowed)}"


def test_place(source):
    """A test stands beside what it tests: x_test.cpp or x_<what>_test.cpp by x.hpp or x.cpp."""
    if not source.layer or not source.name.endswith(".cpp"):
        return
    if source.is_test:
        folder = (source.root / source.path).parent
        words = source.name.removesuffix("_test.cpp").split("_")
        stems = ("_".join(words[:count]) for count in range(len(words), 0, -1))
        if not any((folder / (stem + end)).exists() for stem in stems for end in CPP):
            yield 1, "test-place", "no header or source of this name beside it: rename or move it"
    elif any(path.startswith("gtest/") for _, _, path in source.includes()):
        yield 1, "test-place", "tests are in files named *_test.cpp"


def test_sleep(source):
    """A test waits for what it waits for."""
    if source.is_test or source.path.startswith("tests/"):
        for number, line in enumerate(blank(source.text).split("\n"), 1):
            if SLEEP.search(line):
                yield number, "sleep", "a test does not sleep: wait for an event, or move the clock"


def coroutines(source):
    """What g++ 12 miscompiles."""
    code = Code(source.text)
    for rule in tidy_coroutines.RULES:
        for at, name, remedy in rule(code):
            yield code.line(at), name, remedy


TEXT_RULES = (size,)
CPP_RULES = (header, include_law, test_place, test_sleep, coroutines)


def check(source):
    """The findings in one file, less those that it excuses."""
    excused, findings = set(), []
    for number, line in enumerate(source.lines, 1):
        if match := ALLOW.search(line):
            excused |= {(match.group(1), number), (match.group(1), number + 1)}
            if not match.group(2).strip():
                findings.append((number, "allow", "say why: '// tidy: allow <rule> <why>'"))
    for rule in TEXT_RULES + (CPP_RULES if source.is_cpp else ()):
        findings += [found for found in rule(source) if (found[1], found[0]) not in excused]
    return sorted(findings)


def formatting(root, paths):
    """The first line of each file that clang-format would write otherwise."""
    command = [CLANG_FORMAT, "--dry-run", "--ferror-limit=1", *paths]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    seen = set()
    for match in re.finditer(r"^([^\s:]+):(\d+):\d+: (?:warning|error):", result.stderr, re.M):
        if match.group(1) not in seen:
            seen.add(match.group(1))
            yield match.group(1), int(match.group(2)), "format", "run scripts/tidy.py --fix"
    if result.returncode and not seen:
        yield ".clang-format", 1, "format", result.stderr.strip()


def repository_files(root):
    """Every file that git tracks or would; in a tree without git, all but what is built."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        paths = listed.stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        paths = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    return sorted(
        path
        for path in paths
        if (path.endswith(TEXT) or path in PROGRAMS or path.startswith(".ci/"))
        and not path.startswith("build/")
        and (root / path).is_file()
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fix", action="store_true", help=f"let {CLANG_FORMAT} rewrite the files")
    parser.add_argument("--list", action="store_true", help="list the files that are checked")
    parser.add_argument("--root", default=pathlib.Path(__file__).parents[1], type=pathlib.Path)
    parser.add_argument("files", nargs="*", help="check these only")
    options = parser.parse_args()
    root = options.root.resolve()

    paths = [os.path.relpath(path, root) for path in options.files] or repository_files(root)
    if options.list:
        print(*paths, sep="\n")
        return 0
    cpp_paths = [path for path in paths if path.endswith(CPP)]
    has_format = shutil.which(CLANG_FORMAT) is not None
    if options.fix and has_format and cpp_paths:
        subprocess.run([CLANG_FORMAT, "-i", *cpp_paths], cwd=root, check=True)

    findings = [(path, *found) for path in paths for found in check(Source(root, path))]
    if has_format and cpp_paths:
        findings += formatting(root, cpp_paths)
    for path, number, rule, remedy in sorted(findings):
        print(f"{path}:{number}: {rule}: {remedy}")
    if not has_format:
        print(f"{CLANG_FORMAT} is not installed: formatting was not checked")
    print(f"{len(paths)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
