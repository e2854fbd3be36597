// Article 000, first part: generators.

#include "program.hpp"

#include "weft/weft.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tour {
namespace {

// 0.2. The hundredth value has 70 bits.
__extension__ using wide = unsigned __int128;

generator<wide> fabbi(int upper_limit) {
    wide x = 0;
    wide y = 1;
    for (int i = 0; i < upper_limit; ++i) {
        co_yield x + y;
        y = x + y;
        x = y - x;
    }
}

void first_hundred(guide& show) {
    int lines = 0;
    for (wide number : fabbi(100)) {
        show.print("{}\n", number);
        ++lines;
    }
    show.check(lines == 100, "100 lines");
}

// 0.3. `Send` is the type that co_yield receives.
generator<std::string, std::string> coro() {
    std::string received = co_yield "in coroutine";
    co_yield received;
}

void next_then_send(guide& show) {
    auto c = coro();
    show.print("{}\n", *c.next());
    show.print("{}\n", *c.send("send to coroutine"));
}

// 0.4.
generator<int> lazy(bool& has_run) {
    has_run = true;
    co_yield 1;
}

void nothing_runs_yet(guide& show) {
    bool has_run = false;
    auto g = lazy(has_run);
    show.print("after the call:  {}\n", has_run ? "it ran" : "nothing has run");
    show.check(!has_run && g.state() == generator_state::created, "the body waits for next()");
    g.next();
    show.print("after next():    {}\n", has_run ? "it ran" : "nothing has run");
    show.check(has_run, "next() runs it");
}

// 0.5. The article shows 10 to 1, but its own c.next() has swallowed the 10 before the loop.
generator<int> count(int n, guide& show) {
    show.print("Start counting\n");
    while (n > 0) {
        co_yield n;
        n -= 1;
    }
}

void count_from_ten(guide& show) {
    auto c = count(10, show);
    show.print("<generator object {} at {}>\n", c.name(), c.address());
    c.next();
    for (int x : c) show.print("{}\n", x);
}

}  // namespace

programs generators() {
    return {
        {
            .id = "0.2",
            .title = "fabbi(100)",
            .shows =
                "A generator hands out a hundred Fibonacci numbers, the last of them past 64 bits.",
            .run = first_hundred,
            .expected = "1\n2\n3\n5\n8\n⋮\n354224848179261915075\n573147844013817084101\n",
        },
        {
            .id = "0.3",
            .title = "coro(): next, then send",
            .shows = "co_yield hands a value out and is handed one: it works in both directions.",
            .run = next_then_send,
            .expected = "in coroutine\nsend to coroutine\n",
        },
        {
            .id = "0.4",
            .title = "calling a generator function runs none of its body",
            .shows = "The call only makes the generator; the first next() starts its body.",
            .run = nothing_runs_yet,
            .expected = "after the call:  nothing has run\n"
                        "after next():    it ran\n",
        },
        {
            .id = "0.5",
            .title = "count(10)",
            .shows =
                "A range-for goes on where next() stopped: that took the 10, so the loop prints "
                "9 to 1.",
            .run = count_from_ten,
            .expected = "<generator object count at 0x…>\n"
                        "Start counting\n"
                        "9\n8\n7\n6\n5\n4\n3\n2\n1\n",
        },
    };
}

}  // namespace weft::tour
