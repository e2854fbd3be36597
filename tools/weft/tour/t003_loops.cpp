// A coroutine that blocks, blocks its thread; so many threads, each with its loop.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 3.10, the first half: the watchdog says who keeps the thread.
void name_the_blocker(guide& show) {
    std::mutex mutex;
    std::string said;
    std::atomic<bool> is_said = false;
    const auto report = [&](std::string_view text) {
        const std::lock_guard lock(mutex);
        said = text;
        is_said = true;
    };
    run(options().watchdog(20ms).on_slow(report), [&] {
        const auto blocker = spawn([&] {
                                 const auto limit = std::chrono::steady_clock::now() + 10s;
                                 while (!is_said && std::chrono::steady_clock::now() < limit)
                                     std::this_thread::sleep_for(1ms);
                             }).name("blocker");
        await(blocker);
    });
    show.check(said.find("'blocker', spawned at t003_loops.cpp:") != said.npos &&
                   said.find("has kept its thread for") != said.npos,
               "the watchdog names the coroutine that blocks, and where it began");
    show.print("the watchdog names the coroutine that blocks its loop\n");
}

/// Blocks its thread as a call would that knows nothing of coroutines; returns how many did so at
/// a time, at the most.
class blocking_work {
public:
    explicit blocking_work(std::chrono::nanoseconds span) : span_(span) {}
    void call() {
        const int now = ++inside_;
        for (int before = most_; now > before && !most_.compare_exchange_weak(before, now);) {}
        std::this_thread::sleep_for(span_);
        --inside_;
    }
    [[nodiscard]] int most() const { return most_; }

private:
    std::chrono::nanoseconds span_;
    std::atomic<int> inside_ = 0;
    std::atomic<int> most_ = 0;
};

/// Eight calls, spread over the loops of this run.
task<> eight(blocking_work& calls) {
    std::vector<remote_handle<void>> all;
    for (std::size_t i = 0; i < 8; ++i)
        all.push_back(spawn_on(loops()[i % loops().size()], &blocking_work::call, &calls));
    for (const auto& h : all) co_await h;
}

std::chrono::nanoseconds time_of_eight(std::size_t threads, blocking_work& calls) {
    const stopwatch watch;
    run(options().threads(threads).watchdog(0ns), eight, std::ref(calls));
    return watch.elapsed();
}

void blocks_and_scales(guide& show) {
    name_the_blocker(show);
    const auto span = show.shortened(200ms);
    blocking_work alone(span);
    blocking_work together(span);
    const auto one = time_of_eight(1, alone);
    const auto four = time_of_eight(4, together);
    show.print("8 calls that block, on 1 loop: {} at a time\n", alone.most());
    show.check(alone.most() == 1 && one >= 8 * span, "one after the other");
    show.print("the same on 4 loops:           {} at a time\n", together.most());
    show.check(together.most() == 4, "four at a time");
    show.check(four < one / 2 || show.in_a_hurry(), "in less than half of the time");
}

}  // namespace

programs several_loops() {
    return {
        {
            .id = "3.10",
            .title = "one that blocks, and several loops",
            .shows = "The watchdog names a coroutine that blocks its thread; four loops, each on a "
                     "thread, do four blocking calls at a time.",
            .run = blocks_and_scales,
            .expected = "the watchdog names the coroutine that blocks its loop\n"
                        "8 calls that block, on 1 loop: 1 at a time\n"
                        "the same on 4 loops:           4 at a time\n",
        },
    };
}

}  // namespace weft::tour
