// Threads of eventlet and gevent, for what blocks.

#include "both.hpp"
#include "program.hpp"

#include "weft/io/offload.hpp"
#include "weft/weft.hpp"

#include <atomic>
#include <thread>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.10: what blocks goes to threads of its own; three of them do four spans in the time of two.
struct blocking_calls {
    clock::duration span;
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;

    void block() {
        const int now = ++inside;
        for (int before = most; now > before && !most.compare_exchange_weak(before, now);) {}
        std::this_thread::sleep_for(span);
        --inside;
    }
};

task<> four(blocking_calls& calls) {
    co_await with_scope([&](scope& s) {
        for (int i = 0; i < 4; ++i)
            s.spawn([&]() -> task<> { co_await offload(&blocking_calls::block, &calls); });
    });
}
void four_in_fibers(blocking_calls& calls) {
    await(with_scope([&](scope& s) {
        for (int i = 0; i < 4; ++i)
            s.spawn([&] { await(offload(&blocking_calls::block, &calls)); });
    }));
}

template <class Run>
void take_the_time(guide& show, Run four_calls) {
    blocking_calls calls{show.shortened(1000ms)};
    int ticks = 0;
    const stopwatch watch;
    run(options().offload_threads(3), [&] {
        auto beside = spawn([&] {
            for (;;) {
                await(sleep(calls.span / 10));
                ++ticks;
            }
        });
        four_calls(calls);
        beside.cancel();
    });
    const auto took = watch.elapsed();
    show.print("4 calls that block, 3 at a time\n");
    show.check(calls.most == 3, "three ran at a time");
    show.check(took >= 2 * calls.span, "it took two spans");
    show.check(took < 3 * calls.span || show.in_a_hurry(), "and not three");
    show.check(ticks > 0, "the loop went on meanwhile");
}

void thread_pool(guide& show) {
    play_both(
        show, [](guide& out) { take_the_time(out, [](blocking_calls& c) { await(four(c)); }); },
        [](guide& out) { take_the_time(out, four_in_fibers); });
}

}  // namespace

programs threads() {
    return {
        {
            .id = "E.10",
            .title = "a pool of threads",
            .shows = "Four calls that block for a second, on three threads, take two.",
            .run = thread_pool,
            .expected = "4 calls that block, 3 at a time\n",
        },
    };
}

}  // namespace weft::tour
