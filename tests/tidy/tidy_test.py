"""Tests of scripts/tidy.py: what each rule must catch, and what it must leave alone."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import tidy  # noqa: E402


def rules_broken(text, path="weft/core/x.cpp", beside=()):
    """The names of the rules that a file of this text, at this path, breaks."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in (path, *beside):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("", encoding="utf-8")
        (root / path).write_text(text, encoding="utf-8")
        return [rule for _, rule, _ in tidy.check(tidy.Source(root, path))]


def body(statements):
    return f"task<> f() {{\n    {statements}\n}}\n"


# Statements of a coroutine that g++ 12 miscompiles, by the rule that says so.
MISCOMPILED = {
    "await-condition": [
        "while (co_await r.read()) { use(); }",
        "if (co_await r.read()) use();",
        "if (!co_await r.read()) use();",
        "do { use(); } while (co_await r.read());",
        "switch (co_await r.read()) { case 1: break; }",
        "while ((co_await r.read()) != 0) { use(); }",
        "while (co_yield 1) { use(); }",
        "for (int i = 0; co_await r.more(i); ++i) use();",
        "if (a == b && co_await r.read()) use();",
    ],
    "await-lambda": [
        "co_await f([s] { use(s); });",
        "co_await f([=] { use(s); });",
        "co_await f([s = std::move(s)]() mutable { use(s); });",
        "co_await f([&a, b](int x) -> int { return b; });",
        "co_await [s]() -> task<> { co_return; }();",
        "auto v = co_await offload([text] { return parse(text); });",
        "g([s] { use(s); }, co_await h());",
        "co_yield make([s] { use(s); });",
        "const bool ok = co_await f<int>([s]<class T>(T t) { use(s, t); });",
    ],
    "await-braces": [
        "co_await f(point{1, 2});",
        "co_await f({1, 2});",
        "co_await f(1, {.name = n});",
        "co_await awaiter{this};",
        "co_yield row{id, name};",
        "co_yield {id, name};",
        "row r{co_await a(), co_await b()};",
        "auto v = co_await f(\n        point{1,\n              2});",
    ],
    "await-ternary": [
        "auto v = c ? co_await a() : co_await b();",
        "auto v = c ? x : co_await b();",
        "use(c ? co_await a() : x);",
    ],
    "await-new": ["auto* p = new row(co_await a());"],
}

# Statements that look alike and are right.
RIGHT = [
    "const bool more = co_await r.read();\n    while (more) use();",
    "if (bool ok = co_await r.read()) use();",
    "if (const auto n = co_await r.read(); n > 0) use();",
    "while (auto line = co_await r.line()) use(*line);",
    "while (std::optional<std::string> line = co_await r.line()) use(*line);",
    "while (true) { auto item = co_await receive; use(item); }",
    "while (n > 0) co_yield n--;",
    "for (int i = 0; i < n; ++i) co_yield i;",
    "for (auto& x : xs) { co_yield x; }",
    "if (ready) co_await x;",
    "if (ready) {\n        co_await x;\n    } else {\n        co_yield y;\n    }",
    "co_await f([] { use(); });",
    "co_await f([&] { use(s); });",
    "co_await f([&a, &b](int x) { return x; });",
    "co_await f([this] { use(); });",
    "auto fn = [s] { use(s); };\n    co_await f(fn);",
    "auto inner = [s]() -> task<> { co_await x; };",
    "spawn([s]() -> task<> {\n        co_await x;\n        co_await y;\n    });\n    co_await z;",
    "auto counted = [n]() -> generator<int> { co_yield n; }();",
    "co_await sleep(milliseconds(5));",
    "co_await run(options().threads(2));",
    "co_await run(options{}.threads(2));",
    "co_yield row(id, name);",
    "row r{co_await a()};",
    "row r{1, 2};\n    co_await x;",
    "std::vector<int> v{1, 2};\n    co_yield v;",
    "auto v = xs[co_await index()];",
    "co_yield xs[i];",
    "auto v = (co_await a()) ? x : y;",
    "const bool c = co_await a();\n    auto v = c ? x : y;",
    "auto p = std::make_unique<row>(co_await a());",
    "auto* p = new row(1);\n    co_await x;",
    "try {\n        co_await x;\n    } catch (const e&) { use(); }",
    'use("while (co_await x) { f({1, 2}); }");\n    // co_await f([s] {});',
    "switch (n) {\n        case 1: co_await x; break;\n        default: co_return;\n    }",
]


class Coroutines(unittest.TestCase):
    def test_what_gcc_12_miscompiles_is_found(self):
        for rule, snippets in MISCOMPILED.items():
            for snippet in snippets:
                with self.subTest(snippet):
                    self.assertIn(rule, rules_broken(body(snippet)))

    def test_what_is_right_passes(self):
        for snippet in RIGHT:
            with self.subTest(snippet):
                self.assertEqual([], rules_broken(body(snippet)))

    def test_options_and_awaiters_are_not_aggregates(self):
        for text in (
            "struct run_options { int threads = 1; };\n",
            "struct awaiter {\n    bool await_ready();\n    ~awaiter();\n};\n",
            "struct retry_policy final : base { int count; };\n",
        ):
            with self.subTest(text):
                self.assertEqual(["aggregate"], rules_broken(text))
        for text in (
            "struct run_options { run_options() = default; int threads = 1; };\n",
            "class awaiter {\npublic:\n    explicit awaiter(int n) : n_(n) {}\n    int n_;\n};\n",
            "struct x_awaiter : base<int> { using base<int>::base; };\n",
            "struct run_options;\n",
            "void f(const struct run_options& options) {}\n",
        ):
            with self.subTest(text):
                self.assertEqual([], rules_broken(text))


class IncludeLaw(unittest.TestCase):
    def broken(self, path, include, **more):
        text = f"// What.\n#pragma once\n\n#include {include}\n"
        return "include" in rules_broken(text, path, **more)

    def test_a_layer_includes_what_its_row_names(self):
        for path, include in (
            ("weft/core/x.hpp", '"weft/base/check.hpp"'),
            ("weft/core/x.hpp", "<weft/machine/frame_pool.hpp>"),
            ("weft/core/x.hpp", '"weft/core/y.hpp"'),
            ("weft/core/x.hpp", "<vector>"),
            ("weft/pipeline/x.cpp", '"weft/file/file.hpp"'),
            ("weft/http/client_pool.cpp", '"weft/io/driver.hpp"'),
            ("weft/patch/x.cpp", '"weft/net/tcp.hpp"'),
            ("weft/core/x_test.cpp", '"weft/testing/clock.hpp"'),
            ("weft/core/x_test.cpp", "<gtest/gtest.h>"),
            ("weft/weft.hpp", '"weft/core/task.hpp"'),
            ("tools/weft/main.cpp", "<weft/weft.hpp>"),
            ("tools/weft/main.cpp", '"options.hpp"'),
        ):
            with self.subTest(path=path, include=include):
                self.assertFalse(self.broken(path, include, beside=["weft/core/x.hpp"]))

    def test_everything_else_is_refused(self):
        for path, include in (
            ("weft/base/x.hpp", '"weft/core/task.hpp"'),
            ("weft/core/x.hpp", "<weft/sync/event.hpp>"),
            ("weft/core/x.hpp", '"weft/weft.hpp"'),
            ("weft/core/x.hpp", '"y.hpp"'),
            ("weft/core/x.hpp", "<fmt/core.h>"),
            ("weft/core/x.hpp", '"weft/testing/clock.hpp"'),
            ("weft/http/server.cpp", '"weft/io/driver.hpp"'),
            ("weft/pipeline/x.cpp", '"weft/net/tcp.hpp"'),
            ("weft/weft.hpp", '"weft/tls/stream.hpp"'),
            ("tools/weft/main.cpp", '"../../weft/core/task.hpp"'),
            ("tools/weft/main.cpp", '"weft/core/counted_test.hpp"'),
            ("tests/x_test.cpp", '"weft/patch/patch.hpp"'),
        ):
            with self.subTest(path=path, include=include):
                self.assertTrue(self.broken(path, include))

    def test_a_comment_is_no_include(self):
        self.assertEqual([], rules_broken('// #include "weft/sync/event.hpp"\n'))


class Files(unittest.TestCase):
    def test_size(self):
        self.assertEqual([], rules_broken("x" * 100 + "\n"))
        self.assertEqual(["columns"], rules_broken("x" * 101 + "\n"))
        self.assertEqual([], rules_broken("é" * 100 + "\n"))
        self.assertEqual([], rules_broken("x;\n" * 500))
        self.assertEqual(["lines"], rules_broken("x;\n" * 501))
        self.assertEqual(["whitespace"], rules_broken("x; \n"))
        self.assertEqual(["whitespace"], rules_broken("\tx;\n"))
        self.assertEqual(["whitespace"], rules_broken("x;"))

    def test_a_header_has_pragma_once_and_says_what_it_is_for(self):
        for text in (
            "// What.\n#pragma once\n",
            "#pragma once\n\n#include <a>\n\n/// What.\nint x;\n",
            "#pragma once\n#include <a>\nnamespace weft {\n\n/// What.\nint x;\n}\n",
        ):
            with self.subTest(text):
                self.assertEqual([], rules_broken(text, "weft/core/x.hpp"))
        for text in (
            "#pragma once\nint x;\n/// What.\nint y;\n",
            "#pragma once\n#include <a>\n",
            "// What.\n#include <a>\n#pragma once\n",
        ):
            with self.subTest(text):
                self.assertEqual(["header"], rules_broken(text, "weft/core/x.hpp"))

    def test_tests_stand_beside_what_they_test(self):
        beside = ["weft/core/task.hpp"]
        self.assertEqual([], rules_broken("", "weft/core/task_test.cpp", beside))
        self.assertEqual([], rules_broken("", "weft/core/task_errors_test.cpp", beside))
        self.assertEqual(["test-place"], rules_broken("", "weft/core/fiber_test.cpp", beside))
        gtest = "#include <gtest/gtest.h>\n"
        self.assertIn("test-place", rules_broken(gtest, "weft/core/task.cpp"))

    def test_tests_do_not_sleep(self):
        # A text that the rule reads; nothing runs it.
        sleep = "void f() { std::this_thread::sleep_for(1s); }\n"
        self.assertEqual(["sleep"], rules_broken(sleep, "tests/x_test.cpp"))
        self.assertEqual([], rules_broken(sleep, "weft/core/x.cpp"))

    def test_a_line_may_be_excused_with_a_reason(self):
        await_ = "    while (co_await x) f();"
        why = "// tidy: allow await-condition it shows the fault"
        self.assertEqual([], rules_broken(f"{await_}  {why}\n"))
        self.assertEqual([], rules_broken(f"{why}\n{await_}\n"))
        self.assertEqual(["allow"], rules_broken(f"{why[:30]}\n{await_}\n"))
        self.assertEqual(["await-condition"], rules_broken(f"{why}\n\n{await_}\n"))


if __name__ == "__main__":
    unittest.main()
