// Article 004: asyncio's hello, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <chrono>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 4.7 and 4.10. What Python wrote with @asyncio.coroutine and `yield from` before it had async and
// await is one thing here: a function that returns a task, and co_await.
task<> hello(guide& show) {
    show.print("Hello world!\n");
    co_await sleep(show.shortened(1s));
    show.print("Hello again!\n");
}
void hello_in_fiber(guide& show) {
    show.print("Hello world!\n");
    await(sleep(show.shortened(1s)));
    show.print("Hello again!\n");
}

void check_pause(guide& show, const stopwatch& since) {
    show.check(since.elapsed() >= show.shortened(1s), "there was a pause between the two");
}

void until_complete(guide& show) {
    play_both(
        show,
        [](guide& out) {
            const stopwatch since;
            loop mine;
            mine.run(hello(out));
            mine.close();
            check_pause(out, since);
        },
        [](guide& out) {
            loop mine;
            mine.run(hello_in_fiber, std::ref(out));
            mine.close();
        });
}

void async_and_await(guide& show) {
    play_both(
        show,
        [](guide& out) {
            const stopwatch since;
            run(hello(out));
            check_pause(out, since);
        },
        [](guide& out) { run(hello_in_fiber, std::ref(out)); });
}

// 4.8
task<> hello_from(const thread_name& main, guide& show) {
    show.print("Hello world! ({})\n", main.text());
    co_await sleep(show.shortened(1s));
    show.print("Hello again! ({})\n", main.text());
    show.check(main.is_this_thread(), "on the thread that called run()");
}
void hello_from_in_fiber(const thread_name& main, guide& show) {
    show.print("Hello world! ({})\n", main.text());
    await(sleep(show.shortened(1s)));
    show.print("Hello again! ({})\n", main.text());
    show.check(main.is_this_thread(), "on the thread that called run()");
}

task<> wait_for_two(guide& show) {
    const thread_name main;
    const stopwatch since;
    const auto one = spawn(hello_from(main, show));
    const auto two = spawn(hello_from(main, show));
    co_await one;
    co_await two;
    show.check(since.elapsed() < 2 * show.shortened(1s), "one pause, not two");
}
void wait_for_two_in_fiber(guide& show) {
    const thread_name main;
    const stopwatch since;
    const auto one = spawn(hello_from_in_fiber, std::ref(main), std::ref(show));
    const auto two = spawn(hello_from_in_fiber, std::ref(main), std::ref(show));
    await(one);
    await(two);
    show.check(since.elapsed() < 2 * show.shortened(1s), "one pause, not two");
}

void two_hellos(guide& show) {
    play_both(
        show, [](guide& out) { run(wait_for_two(out)); },
        [](guide& out) { run(wait_for_two_in_fiber, std::ref(out)); });
}

// 4.9
task<> again_from_within(loop& mine, guide& show) {
    try {
        mine.run(hello(show));
    } catch (const usage_error& error) {
        show.print("within run():  {}\n", error.what());
    }
    co_return;
}
void again_from_within_a_fiber(loop& mine, guide& show) {
    try {
        mine.run(hello_in_fiber, std::ref(show));
    } catch (const usage_error& error) {
        show.print("within run():  {}\n", error.what());
    }
}

void after_close(loop& mine, guide& show) {
    show.check(mine.statistics().live() == 0, "nothing of it lives on");
    mine.close();
    mine.close();  // harmless
    try {
        mine.run(hello(show));
    } catch (const usage_error& error) {
        show.print("after close(): {}\n", error.what());
    }
}

void life_of_a_loop(guide& show) {
    play_both(
        show,
        [](guide& out) {
            loop mine;
            mine.run(hello(out));
            mine.run(again_from_within(mine, out));
            after_close(mine, out);
        },
        [](guide& out) {
            loop mine;
            mine.run(hello_in_fiber, std::ref(out));
            mine.run(again_from_within_a_fiber, std::ref(mine), std::ref(out));
            after_close(mine, out);
        });
}

}  // namespace

programs hello_asyncio() {
    return {
        {
            .id = "4.7",
            .title = "asyncio hello",
            .shows = "A loop of one's own runs a task until it is complete; the pause is not the "
                     "thread's.",
            .run = until_complete,
            .expected = "Hello world!\nHello again!\n",
        },
        {
            .id = "4.8",
            .title = "two hellos at once",
            .shows = "Both wait at the same time, on one thread: one pause for both.",
            .run = two_hellos,
            .expected = "Hello world! (<thread …>)\nHello world! (<thread …>)\n"
                        "Hello again! (<thread …>)\nHello again! (<thread …>)\n",
        },
        {
            .id = "4.9",
            .title = "get loop, run_until_complete, close",
            .shows = "A loop runs one thing after the other; within itself and after close() it "
                     "refuses.",
            .run = life_of_a_loop,
            .expected = "Hello world!\nHello again!\n"
                        "within run():  run(): a loop runs on this thread already: …\n"
                        "after close(): loop: it is closed: …\n",
        },
        {
            .id = "4.10",
            .title = "async and await",
            .shows = "The same as 4.7 in the fewest words: run() makes the loop.",
            .run = async_and_await,
            .expected = "Hello world!\nHello again!\n",
        },
    };
}

}  // namespace weft::tour
