// Article 004: from subroutines to generators.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <chrono>
#include <string>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 4.1: subroutines, each inside the one before.
void c(guide& show) {
    show.print("C\n");
}
void b(guide& show) {
    show.print("B\n");
    c(show);
}
void a(guide& show) {
    show.print("A\n");
    b(show);
}

// 4.2: coroutines, side by side.
generator<void> numbers(const thread_name& main, bool& moved, guide& show) {
    for (int n = 1; n <= 3; ++n) {
        show.print("{} {}\n", n, main.text());
        moved = moved || !main.is_this_thread();
        co_yield nothing;
    }
}

generator<void> letters(const thread_name& main, bool& moved, guide& show) {
    for (char letter = 'A'; letter <= 'C'; ++letter) {
        show.print("{} {}\n", letter, main.text());
        moved = moved || !main.is_this_thread();
        co_yield nothing;
    }
}

void zip(guide& show) {
    const thread_name main;
    bool moved = false;
    auto n = numbers(main, moved, show);
    auto l = letters(main, moved, show);
    while (n.next() && l.next()) {}
    show.check(!moved, "all on one thread");
}

// 4.6. The article's m.send(None) is next(): to send before that is an error.
generator<std::string, std::string> run(guide& show) {
    const std::string data;
    std::string r = co_yield data;
    show.print("1 {} {}\n", r, data);
    r = co_yield "aa";
    show.print("2 {} {}\n", r, data);
    r = co_yield "bb";
    show.print("3 {} {}\n", r, data);
    r = co_yield "cc";
}

void send_and_print(guide& show) {
    auto m = run(show);
    show.print("{}\n", *m.next());
    for (const char* value : {"a", "b", "c"}) show.print("{}\n", *m.send(value));
    if (!m.send("d")) show.print("finished\n");
    show.check(m.state() == generator_state::closed, "where Python has StopIteration");
}

// 4.11: "Hello world!", a pause, "Hello again!", in the three stages that Python went through. In
// the first two whoever runs the generator is the event loop: it is handed durations, sleeps, and
// sends back how long.
using pause = std::chrono::milliseconds;

generator<pause, pause> hello_by_send(guide& show) {
    show.print("Hello world!\n");
    const pause slept = co_yield 1s;
    show.print("Hello again! (after {} ms)\n", slept.count());
}

generator<pause, pause, pause> nap(pause duration) {
    const pause slept = co_yield duration;
    co_return slept;
}

generator<pause, pause> hello_by_from(guide& show) {
    show.print("Hello world!\n");
    const pause slept = co_yield from(nap(1s));
    show.print("Hello again! (after {} ms)\n", slept.count());
}

void run_until_complete(generator<pause, pause> coroutine, guide& show) {
    auto wanted = coroutine.next();
    while (wanted) {
        const pause duration = *wanted;
        show.sleep(duration);
        wanted = coroutine.send(duration);
    }
}

// Whoever awaits is resumed by weft's loop, which needs no one to play its part.
task<pause> nap_on_the_loop(pause duration, guide& show) {
    co_await sleep(show.shortened(duration));
    co_return duration;
}

task<> hello_by_await(guide& show) {
    show.print("Hello world!\n");
    const pause slept = co_await nap_on_the_loop(1s, show);
    show.print("Hello again! (after {} ms)\n", slept.count());
}

void hello_in_fiber(guide& show) {
    show.print("Hello world!\n");
    const pause slept = await(nap_on_the_loop(1s, show));
    show.print("Hello again! (after {} ms)\n", slept.count());
}

void three_stages(guide& show) {
    show.print("1. yield and send\n");
    run_until_complete(hello_by_send(show), show);
    show.print("2. yield from\n");
    run_until_complete(hello_by_from(show), show);
    show.print("3. co_await\n");
    weft::run(hello_by_await(show));
    show.print("and without a word of it, in a fiber\n");
    weft::run(hello_in_fiber, std::ref(show));
}

}  // namespace

programs from_subroutines() {
    return {
        {
            .id = "4.1",
            .title = "A, B, C",
            .shows = "Subroutines: called in order, each inside the one before.",
            .run = a,
            .expected = "A\nB\nC\n",
        },
        {
            .id = "4.2",
            .title = "zip(A(), B())",
            .shows = "Two bodies take turns on one thread, each going on where it stopped.",
            .run = zip,
            .expected = "1 <thread …>\nA <thread …>\n"
                        "2 <thread …>\nB <thread …>\n"
                        "3 <thread …>\nC <thread …>\n",
        },
        {
            .id = "4.6",
            .title = "run(): send None, a, b, c, d",
            .shows = "Each send() resumes the body with a value and returns what it yields next.",
            .run = send_and_print,
            .expected = "\n1 a \naa\n2 b \nbb\n3 c \ncc\nfinished\n",
        },
        {
            .id = "4.11",
            .title = "the three stages: yield and send, yield from, co_await",
            .shows = "One program as Python wrote it before 3.3, from 3.3 on, and from 3.5 on.",
            .run = three_stages,
            .expected = "1. yield and send\nHello world!\nHello again! (after 1000 ms)\n"
                        "2. yield from\nHello world!\nHello again! (after 1000 ms)\n"
                        "3. co_await\nHello world!\nHello again! (after 1000 ms)\n"
                        "and without a word of it, in a fiber\n"
                        "Hello world!\nHello again! (after 1000 ms)\n",
        },
    };
}

}  // namespace weft::tour
