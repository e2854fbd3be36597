// The course: coroutines that are sent to, closed, and thrown at.

#include "program.hpp"

#include "weft/weft.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weft::tour {
namespace {

// B.2: grep.py and grepclose.py
consumer<std::string_view> grep(std::string pattern, guide& show) {
    show.print("Looking for {}\n", pattern);
    try {
        for (;;) {
            std::string_view line = co_await receive;
            if (line.find(pattern) != line.npos) show.print("{}\n", line);
        }
    } catch (const generator_exit&) {
        show.print("Going away. Goodbye\n");
    }
}

void grep_and_close(guide& show) {
    auto g = grep("python", show);
    g.send("Yeah, but no, but yeah, but no");
    g.send("A series of tubes");
    g.send("python generators rock!");
    g.close();
}

// B.3
void throw_into(guide& show) {
    auto g = grep("python", show);
    g.send("python generators rock!");
    try {
        g.throw_(std::runtime_error("You're hosed"));
        show.check(false, "the error comes back to who threw it in");
    } catch (const std::runtime_error& error) {
        show.print("RuntimeError: {}\n", error.what());
    }
    show.check(!g.send("python"), "afterwards it has finished");
}

// B.4. The course calls it bogus: it yields and receives at once, and nobody can follow. next()
// sends nothing, which an optional tells from a value. The 3 is the result of send(), which the
// loop never sees.
generator<int, std::optional<int>> countdown(int n, guide& show) {
    show.print("Counting down from {}\n", n);
    while (n >= 0) {
        std::optional<int> new_value = co_yield n;
        n = new_value ? *new_value : n - 1;
    }
}

void bogus(guide& show) {
    auto c = countdown(5, show);
    while (auto n = c.next()) {
        show.print("{}\n", *n);
        if (*n == 5) {
            auto answer = c.send(3);
            show.check(answer == 3, "the 3 is what send() returns");
        }
    }
}

}  // namespace

programs course_coroutines() {
    return {
        {
            .id = "B.2",
            .title = "grep and grepclose",
            .shows = "A coroutine prints what it is sent and matches; close() lets it say goodbye.",
            .run = grep_and_close,
            .expected = "Looking for python\npython generators rock!\nGoing away. Goodbye\n",
        },
        {
            .id = "B.3",
            .title = "throw",
            .shows =
                "An error thrown in at the co_await comes out at the thrower and ends the body.",
            .run = throw_into,
            .expected = "Looking for python\npython generators rock!\nRuntimeError: You're hosed\n",
        },
        {
            .id = "B.4",
            .title = "bogus: a generator that both yields and receives",
            .shows = "5 2 1 0: the value sent replaces the counter, and send() swallows the 3.",
            .run = bogus,
            .expected = "Counting down from 5\n5\n2\n1\n0\n",
        },
    };
}

}  // namespace weft::tour
