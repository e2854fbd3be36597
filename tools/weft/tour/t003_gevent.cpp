// Article 003: gevent, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 3.5
task<> eat(std::string_view name, guide& show) {
    show.print("{} eat 1\n", name);
    co_await sleep(show.shortened(2s));
    show.print("{} eat 2\n", name);
}
task<> play(std::string_view name, guide& show) {
    show.print("{} play 1\n", name);
    co_await sleep(show.shortened(1s));
    show.print("{} play 2\n", name);
}
task<> eat_and_play(guide& show) {
    const auto g1 = spawn(eat("Lyon", show));
    const auto g2 = spawn(play("Lyon", show));
    co_await g1.join();
    co_await g2.join();
    show.print("End of main thread...\n");
}

void eat_in_fiber(std::string_view name, guide& show) {
    show.print("{} eat 1\n", name);
    await(sleep(show.shortened(2s)));
    show.print("{} eat 2\n", name);
}
void play_in_fiber(std::string_view name, guide& show) {
    show.print("{} play 1\n", name);
    await(sleep(show.shortened(1s)));
    show.print("{} play 2\n", name);
}
void eat_and_play_in_fiber(guide& show) {
    const auto g1 = spawn(eat_in_fiber, "Lyon", std::ref(show));
    const auto g2 = spawn(play_in_fiber, "Lyon", std::ref(show));
    await(g1.join());
    await(g2.join());
    show.print("End of main thread...\n");
}

void timed_eat_and_play(guide& show) {
    play_both(
        show,
        [](guide& out) {
            const stopwatch since;
            run(eat_and_play(out));
            out.check(since.elapsed() < out.shortened(3s), "the longer sleep, not the sum");
        },
        [](guide& out) { run(eat_and_play_in_fiber, std::ref(out)); });
}

// 3.7
constexpr int tasks_count = 10;

/// How often each was done.
class tally {
public:
    void done(int pid) { ++times_.at(static_cast<std::size_t>(pid)); }
    [[nodiscard]] bool each(int times) const {
        return std::ranges::all_of(times_, [&](int n) { return n == times; });
    }

private:
    std::array<int, tasks_count> times_{};
};

task<> work(int pid, tally& all, guide& show) {
    co_await sleep(show.shortened(500ms));
    show.print("Task {} done\n", pid);
    all.done(pid);
}
task<> synchronous_and_asynchronous(guide& show) {
    tally all;
    show.print("Synchronous:\n");
    const stopwatch one_by_one;
    for (int i = 0; i < tasks_count; ++i) co_await work(i, all, show);
    show.check(one_by_one.elapsed() >= tasks_count * show.shortened(500ms) && all.each(1),
               "ten sleeps in order");

    show.print("Asynchronous:\n");
    const stopwatch at_once;
    std::vector<join_handle<void>> handles;
    handles.reserve(tasks_count);
    for (int i = 0; i < tasks_count; ++i) handles.push_back(spawn(work(i, all, show)));
    for (const auto& h : handles) co_await h.join();
    show.check(at_once.elapsed() < tasks_count * show.shortened(500ms) / 2 && all.each(2),
               "one sleep for all, each exactly once");
}

void work_in_fiber(int pid, tally& all, guide& show) {
    await(sleep(show.shortened(500ms)));
    show.print("Task {} done\n", pid);
    all.done(pid);
}
void synchronous_and_asynchronous_in_fiber(guide& show) {
    tally all;
    show.print("Synchronous:\n");
    for (int i = 0; i < tasks_count; ++i) work_in_fiber(i, all, show);
    show.print("Asynchronous:\n");
    std::vector<join_handle<void>> handles;
    handles.reserve(tasks_count);
    for (int i = 0; i < tasks_count; ++i)
        handles.push_back(spawn(work_in_fiber, i, std::ref(all), std::ref(show)));
    for (const auto& h : handles) await(h.join());
    show.check(all.each(2), "ten sleeps in order, then one for all");
}

void ten_tasks(guide& show) {
    play_both(
        show, [](guide& out) { run(synchronous_and_asynchronous(out)); },
        [](guide& out) { run(synchronous_and_asynchronous_in_fiber, std::ref(out)); });
}

}  // namespace

programs gevent() {
    return {
        {
            .id = "3.5",
            .title = "gevent: eat and play",
            .shows = "Who sleeps lets the other go on: the whole takes the longer sleep.",
            .run = timed_eat_and_play,
            .expected = "Lyon eat 1\nLyon play 1\nLyon play 2\nLyon eat 2\n"
                        "End of main thread...\n",
        },
        {
            .id = "3.7",
            .title = "synchronous and asynchronous",
            .shows = "Ten sleeps one after the other, then ten at once.",
            .run = ten_tasks,
            .expected = "Synchronous:\n"
                        "Task 0 done\nTask 1 done\nTask 2 done\nTask 3 done\nTask 4 done\n"
                        "Task 5 done\nTask 6 done\nTask 7 done\nTask 8 done\nTask 9 done\n"
                        "Asynchronous:\n"
                        "Task … done\nTask … done\nTask … done\nTask … done\nTask … done\n"
                        "Task … done\nTask … done\nTask … done\nTask … done\nTask … done\n",
        },
    };
}

}  // namespace weft::tour
