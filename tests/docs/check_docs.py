#!/usr/bin/env python3
"""Compiles the code in the documentation, and runs what it says can be run.

    check_docs.py --root FOLDER --work FOLDER -- COMPILER [FLAG...] [--link FLAG...]

Code is what stands between ```cpp and ``` in README.md, ARCHITECTURE.md, CONTRIBUTING.md, docs/ and
the comments of the headers. The words after 'cpp' say how it is meant:

    ```cpp             declarations. They see what the blocks before them, on that page, declared.
    ```cpp fragment    statements: the body of a function, or of a task when they co_await.
    ```cpp run         a whole program. It must exit with 0; if a ```text block follows, that is
                       what it must print.
    ```cpp nocompile   what is wrong on purpose, or not C++ yet.

All but the programs make up one translation unit, so that the headers are read once; errors are
told by the lines of the page. Relative links between the pages are checked too.
"""

import argparse
import pathlib
import re
import subprocess
import sys

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
KINDS = {"fragment", "run", "nocompile"}
COMMENT = re.compile(r"^\s*(?:///?!?|\*)( |$)")
FENCE = re.compile(r"^\s*```(.*)$")
INCLUDE = re.compile(r"^\s*#\s*include\b")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s#]+)(?:#[^)]*)?\)")

# What a page need not repeat.
PRELUDE = """\
#include <weft/weft.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
"""


class Block:
    """A block of code: where it begins, what its fence says, its lines, the text it must print."""

    def __init__(self, page, line, words):
        self.page, self.line, self.words, self.lines = page, line, set(words), []
        self.output = None

    @property
    def kind(self):
        return next(iter(self.words & KINDS), "declarations")


def blocks_of(page, lines):
    """The ```cpp blocks of a page. A ```text block after a program is what it prints."""
    blocks, block, text, last = [], None, None, None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if fence and block is None and text is None:
            words = fence.group(1).split()
            if words[:1] == ["cpp"]:
                block = Block(page, number + 1, words[1:])
            else:
                text = []
                is_output = words[:1] == ["text"] and last is not None and last.kind == "run"
        elif fence and block is not None:
            blocks.append(block)
            block, last = None, block
        elif fence:
            if is_output:
                last.output = "\n".join(text) + "\n"
            text, last = None, None
        elif block is not None:
            block.lines.append(line)
        elif text is not None:
            text.append(line)
        elif line.startswith("#"):
            last = None
    if block is not None:
        raise SystemExit(f"{page}:{block.line}: this block has no end")
    return blocks


def comment_lines(text):
    """The lines of a header with only its comments left, their marks cut off."""
    for line in text.split("\n"):
        mark = COMMENT.match(line)
        yield line[mark.end() :] if mark else ""


def pages(root):
    """Each page, as its path and its lines."""
    paths = [root / name for name in PAGES if (root / name).exists()]
    paths += sorted((root / "docs").rglob("*.md"))
    for path in paths:
        yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8").split("\n")
    for path in sorted((root / "weft").rglob("*.hpp")):
        lines = list(comment_lines(path.read_text(encoding="utf-8")))
        yield path.relative_to(root).as_posix(), lines


def unit(blocks):
    """One translation unit of all blocks that are not whole programs.

    The namespaces of one page are nested, so that a block sees what stands before it, and may
    declare a name again.
    """
    includes, body, page, depth = set(), [], None, 0
    for number, block in enumerate(blocks):
        if block.page != page:
            body.append("}" * depth)
            page, depth = block.page, 0
        depth += 1
        includes |= {line.strip() for line in block.lines if INCLUDE.match(line)}
        body.append(f"namespace block_{number} {{")
        if block.kind == "fragment":
            awaits = any("co_await" in line for line in block.lines)
            result = "weft::task<void>" if awaits else "void"
            body.append(f"[[maybe_unused]] static {result} fragment_{number}() {{")
        body.append(f'#line {block.line} "{block.page}"')
        body += ["" if INCLUDE.match(line) else line for line in block.lines]
        body.append(f'#line 1 "after a block of {block.page}"')
        if block.kind == "fragment":
            body.append("}")
    body.append("}" * depth)
    return "\n".join([PRELUDE, *sorted(includes), *body, ""])


def compile_unit(blocks, work, command):
    source = work / "documentation.cpp"
    source.write_text(unit(blocks), encoding="utf-8")
    # For a #line of a page g++ takes what follows for another file: lambdas without linkage.
    quiet = ["-Wno-unused", "-Wno-subobject-linkage"]
    flags = ["-fsyntax-only", *quiet, str(source)]
    return subprocess.run([*command, *flags], check=False).returncode == 0


def precompile(work, command):
    """Flags with which weft/weft.hpp is there already, parsed: what most programs spend."""
    header = work / "precompiled.hpp"
    header.write_text("#include <weft/weft.hpp>\n", encoding="utf-8")
    flags = ["-x", "c++-header", str(header), "-o", f"{header}.gch"]
    subprocess.run([*command, *flags], check=True)
    return ["-include", str(header)]


def run_program(block, work, command, link):
    """Whether a whole program compiles, runs, and prints what the page says."""
    name = re.sub(r"\W", "_", f"{block.page}_{block.line}")
    source, program = work / f"{name}.cpp", work / name
    text = "\n".join([f'#line {block.line} "{block.page}"', *block.lines, ""])
    source.write_text(text, encoding="utf-8")
    compiled = subprocess.run([*command, str(source), "-o", str(program), *link], check=False)
    if compiled.returncode:
        return False
    ran = subprocess.run(
        [program], capture_output=True, text=True, timeout=60, check=False, cwd=work
    )
    where = f"{block.page}:{block.line}"
    if ran.returncode:
        print(f"{where}: the program failed with {ran.returncode}\n{ran.stdout}{ran.stderr}")
        return False
    if block.output is not None and ran.stdout != block.output:
        print(f"{where}: the page says\n{block.output}the program printed\n{ran.stdout}")
        return False
    return True


def broken_links(root, page, lines):
    for number, line in enumerate(lines, 1):
        for target in LINK.findall(line):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not ((root / page).parent / target).exists():
                yield f"{page}:{number}: there is no '{target}'"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = [word for word in options.command if word != "--"]
    link = []
    if "--link" in command:
        at = command.index("--link")
        command, link = command[:at], command[at + 1 :]
    options.work.mkdir(parents=True, exist_ok=True)

    blocks, faults = [], []
    for page, lines in pages(options.root):
        blocks += blocks_of(page, lines)
        if page.endswith(".md"):
            faults += broken_links(options.root, page, lines)
    for block in blocks:
        for word in block.words - KINDS:
            faults.append(f"{block.page}:{block.line - 1}: '{word}' means nothing after ```cpp")
    print(*faults, sep="\n")

    programs = [block for block in blocks if block.kind == "run"]
    parsed = precompile(options.work, command)
    parts = [block for block in blocks if block.kind in ("declarations", "fragment")]
    good = not faults and (not parts or compile_unit(parts, options.work, command))
    for block in programs:
        is_user = any("<weft/weft.hpp>" in line for line in block.lines)
        flags = parsed if is_user else []
        good = run_program(block, options.work, [command[0], *flags, *command[1:]], link) and good
    print(f"{len(parts)} blocks compiled, {len(programs)} programs run, "
          f"{len(blocks) - len(parts) - len(programs)} left out")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
