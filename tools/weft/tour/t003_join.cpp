// Article 003: what gevent's spawn, join, joinall and sleep take, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/core/join_all.hpp"
#include "weft/weft.hpp"

#include <chrono>
#include <stdexcept>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// spawn(fn, args…): what it is given decides. A function that returns a task begins a task, any
// other a fiber.
task<int> add(int a, int b) {
    co_await sleep(1ms);
    co_return a + b;
}
int add_in_fiber(int a, int b) {
    await(sleep(1ms));
    return a + b;
}
task<int> wait_for(std::chrono::milliseconds d) {
    co_await sleep(d);
    co_return static_cast<int>(d.count());
}
task<int> fail() {
    co_await sleep(1ms);
    throw std::runtime_error("one has failed");
}

/// The first is only ever waited for in vain.
std::vector<join_handle<int>> three() {
    return {spawn(wait_for(1h)), spawn(wait_for(20ms)), spawn(wait_for(40ms))};
}
std::string values(const std::vector<join_handle<int>>& finished) {
    std::string text;
    for (const auto& h : finished) text += " " + std::to_string(h.value());
    return text;
}

task<> join_some(guide& show) {
    const auto all = three();
    show.print("joinall(count=1):  {}\n", values(co_await join_all(all, no_timeout, false, 1)));
    show.print("joinall(count=2):  {}\n", values(co_await join_all(all, no_timeout, false, 2)));
    const auto in_time = co_await join_all(all, 1ms);
    show.print("joinall(timeout):   {} of {}\n", in_time.size(), all.size());
    const std::vector<join_handle<int>> failing = {spawn(wait_for(1h)), spawn(fail())};
    try {
        static_cast<void>(co_await join_all(failing, no_timeout, true));
    } catch (const std::runtime_error& e) {
        show.print("joinall(raise_error): {}\n", e.what());
    }
    const auto finished = co_await join_all(failing, no_timeout, false, 1);
    show.print("without raise_error: {} finished, successful: {}\n", finished.size(),
               finished[0].successful());
    show.check(!all[0].ready() && !failing[0].ready(), "nobody is cancelled");
}
void join_some_in_fiber(guide& show) {
    const auto all = three();
    show.print("joinall(count=1):  {}\n", values(await(join_all(all, no_timeout, false, 1))));
    show.print("joinall(count=2):  {}\n", values(await(join_all(all, no_timeout, false, 2))));
    const auto in_time = await(join_all(all, 1ms));
    show.print("joinall(timeout):   {} of {}\n", in_time.size(), all.size());
    const std::vector<join_handle<int>> failing = {spawn(wait_for(1h)), spawn(fail())};
    try {
        static_cast<void>(await(join_all(failing, no_timeout, true)));
    } catch (const std::runtime_error& e) {
        show.print("joinall(raise_error): {}\n", e.what());
    }
    const auto finished = await(join_all(failing, no_timeout, false, 1));
    show.print("without raise_error: {} finished, successful: {}\n", finished.size(),
               finished[0].successful());
}

task<> parameters(guide& show) {
    const auto sum = spawn(add, 2, 3);
    show.print("spawned, ready: {}\n", sum.ready());
    co_await sum.join();
    show.print("joined, ready:  {}, value: {}\n", sum.ready(), sum.value());

    const auto slow = spawn(wait_for(1h));
    try {
        co_await with_timeout(10ms, slow.join());
    } catch (const timed_out&) {
        show.print("join(timeout):  given up, ready: {}\n", slow.ready());
    }
    co_await join_some(show);

    const stopwatch since;
    co_await sleep(std::chrono::duration<double>(0.0125));
    show.check(since.elapsed() >= 12'500us, "seconds may be a fraction");
}
void parameters_in_fiber(guide& show) {
    const auto sum = spawn(add_in_fiber, 2, 3);
    show.print("spawned, ready: {}\n", sum.ready());
    await(sum.join());
    show.print("joined, ready:  {}, value: {}\n", sum.ready(), sum.value());

    const auto slow = spawn([] { await(sleep(1h)); });
    try {
        await(with_timeout(10ms, slow.join()));
    } catch (const timed_out&) {
        show.print("join(timeout):  given up, ready: {}\n", slow.ready());
    }
    join_some_in_fiber(show);

    const stopwatch since;
    await(sleep(std::chrono::duration<double>(0.0125)));
    show.check(since.elapsed() >= 12'500us, "seconds may be a fraction");
}

void spawn_join_sleep(guide& show) {
    const stopwatch since;
    play_both(
        show, [](guide& out) { run(parameters(out)); },
        [](guide& out) { run(parameters_in_fiber, std::ref(out)); });
    // gevent's ref=False: a sleep that does not keep the program alive. Here only what run() was
    // given does.
    show.check(since.elapsed() < 1min, "run() did not wait for the sleeps of an hour");
}

}  // namespace

programs gevent_join() {
    return {
        {
            .id = "3.4",
            .title = "spawn, join, joinall, sleep",
            .shows = "What gevent's functions take: arguments, a time to wait, how many to wait "
                     "for, whether to raise, a sleep that keeps nobody.",
            .run = spawn_join_sleep,
            .expected = "spawned, ready: false\n"
                        "joined, ready:  true, value: 5\n"
                        "join(timeout):  given up, ready: false\n"
                        "joinall(count=1):   20\n"
                        "joinall(count=2):   20 40\n"
                        "joinall(timeout):   2 of 3\n"
                        "joinall(raise_error): one has failed\n"
                        "without raise_error: 1 finished, successful: false\n",
        },
    };
}

}  // namespace weft::tour
