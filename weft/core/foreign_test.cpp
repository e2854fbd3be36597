#include "weft/core/foreign.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// R5: what knows nothing of weft is awaited by tasks and by fibers, and awaits what is weft's.

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::join_handle;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::yield_now;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;

other::task<int> add(int a, int b) {
    co_return a + b;
}
other::task<int> add_three(int a, int b, int c) {
    const int sum = co_await add(a, b);
    co_return sum + c;
}
other::task<int> fail_elsewhere() {
    throw std::out_of_range("of another library");
    co_return 0;
}

TEST(foreign, awaitables_are_awaited_whatever_their_manner) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return other::ready_at_once(7); }), 7);
        EXPECT_EQ(get_as(kind, [] { return other::by_member(); }), 3);
        EXPECT_EQ(get_as(kind, [] { return other::by_function(); }), 4);
        EXPECT_FALSE(get_as(kind, [] { return other::answers(false); }));
        EXPECT_TRUE(get_as(kind, [] { return other::answers(true); }));
        EXPECT_EQ(get_as(kind, [] { return other::resumes_inside(); }), "resumed inside");
        get_as(kind, [] { return other::transfers_back(); });
        EXPECT_EQ(get_as(kind, [] { return add_three(1, 2, 3); }), 6);
    });
}

TEST(foreign, errors_of_an_awaitable_surface_at_the_await) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { get_as(kind, [] { return other::throws_in_suspend(); }); }),
                  "no room");
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { get_as(kind, [] { return other::throws_in_resume(); }); }),
                  "bad result");
        EXPECT_EQ(thrown<std::out_of_range>([&] { get_as(kind, &fail_elsewhere); }),
                  "of another library");
    });
}

task<int> all_in_a_row(int rounds) {
    int n = 0;
    for (int i = 0; i < rounds; ++i) {
        const bool did_not = co_await other::answers(false);
        const bool did = co_await other::answers(true);
        n += co_await add(did ? 1 : 0, did_not ? 1 : 0);
        try {
            co_await other::throws_in_suspend();
        } catch (const std::runtime_error&) {
            ++n;
        }
        co_await other::transfers_back();
        co_await other::resumes_inside();
        n += co_await other::ready_at_once(1);
    }
    co_return n;
}
int all_in_a_row_as_fiber(int rounds) {
    int n = 0;
    for (int i = 0; i < rounds; ++i) {
        const bool did_not = await(other::answers(false));
        const bool did = await(other::answers(true));
        n += await(add(did ? 1 : 0, did_not ? 1 : 0));
        try {
            await(other::throws_in_suspend());
        } catch (const std::runtime_error&) {
            ++n;
        }
        await(other::transfers_back());
        await(other::resumes_inside());
        n += await(other::ready_at_once(1));
    }
    return n;
}

TEST(foreign, awaitables_may_follow_each_other_in_any_order) {
    on_every_loop([] {
        auto a = spawn(all_in_a_row(50));
        auto b = spawn(all_in_a_row_as_fiber, 50);
        auto c = spawn(all_in_a_row_as_fiber, 50);
        EXPECT_EQ(await(a), 150);
        EXPECT_EQ(await(b), 150);
        EXPECT_EQ(await(c), 150);
    });
}

task<int> transfer_back_often(int rounds) {
    int n = 0;
    for (; n < rounds; ++n) co_await other::transfers_back();
    co_return n;
}

TEST(foreign, awaitables_that_never_suspend_leave_the_others_their_turn) {
    on_every_loop([] {
        bool ends = false;
        auto greedy = spawn([&]() -> task<> {
            while (!ends) co_await other::transfers_back();
        });
        auto greedy_fiber = spawn([&] {
            while (!ends) static_cast<void>(await(other::answers(false)));
        });
        auto greedy_for_ready = spawn([&] {
            while (!ends) static_cast<void>(await(other::ready_at_once(1)));
        });
        await(yield_now());
        await(yield_now());
        ends = true;
        await(greedy);
        await(greedy_fiber);
        await(greedy_for_ready);
        EXPECT_EQ(await(transfer_back_often(10'000)), 10'000);
    });
}

task<> wait_for(other::kept& event, int& passed) {
    co_await event;
    ++passed;
}

TEST(foreign, resume_on_the_loops_thread_makes_ready_and_does_not_run) {
    on_every_loop([] {
        int passed = 0;
        other::kept a;
        other::kept b;
        auto h = spawn(wait_for(a, passed));
        auto g = spawn([&] {
            await(b);
            ++passed;
        });
        weft::testing::until_it_waits(h);
        weft::testing::until_it_waits(g);
        a.waiting.resume();
        b.waiting.resume();
        EXPECT_EQ(passed, 0);
        await(h);
        await(g);
        EXPECT_EQ(passed, 2);
    });
}

TEST(foreign, await_is_not_given_up_by_a_cancellation_which_is_raised_by_the_next) {
    in_both_kinds([](coroutine_kind kind) {
        other::kept event;
        auto h = spawn_as(kind, [&]() -> task<bool> {
            co_await event;
            bool raised = false;
            try {
                co_await yield_now();
            } catch (const weft::cancelled&) {
                raised = true;
            }
            co_return raised;
        });
        while (!event.waiting) await(yield_now());
        h.cancel();
        await(yield_now());
        EXPECT_FALSE(h.ready());
        event.waiting.resume();
        EXPECT_TRUE(await(h));
    });
}

TEST(foreign, await_of_one_that_is_cancelled_already_is_not_begun) {
    in_both_kinds([](coroutine_kind kind) {
        other::kept event;
        auto h = spawn_as(kind, [&]() -> other::kept& { return event; });
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_FALSE(event.waiting);
    });
}

TEST(foreign, resume_on_another_thread_comes_home_also_before_await_suspend_has_returned) {
    in_both_kinds([](coroutine_kind kind) {
        const auto home = std::this_thread::get_id();
        for (int i = 0; i < 3; ++i) {
            get_as(kind, [] { return other::resumed_elsewhere_inside(); });
            EXPECT_EQ(std::this_thread::get_id(), home);
        }
    });
}

task<int> hop_often(other::thread_pool& pool, int rounds, int& unguarded) {
    for (int i = 0; i < rounds; ++i) {
        co_await pool.schedule();
        ++unguarded;  // by one thread, the loop's
    }
    co_return rounds;
}

other::task<int> hops_elsewhere(other::thread_pool& pool, int rounds) {
    for (int i = 0; i < rounds; ++i) co_await pool.schedule();
    co_return rounds;
}

TEST(foreign, stress_with_a_pool_of_four_threads) {
    other::thread_pool pool(4);
    constexpr int rounds = 50;
    constexpr int each = 20;
    on_every_loop([&pool] {
        int unguarded = 0;
        std::vector<join_handle<int>> all;
        for (int i = 0; i < each; ++i) {
            all.push_back(spawn(hop_often(pool, rounds, unguarded)));
            all.push_back(spawn([&] {
                for (int n = 0; n < rounds; ++n) {
                    await(pool.schedule());
                    ++unguarded;
                }
                return rounds;
            }));
            all.push_back(spawn([&] { return await(hops_elsewhere(pool, rounds)); }));
        }
        int sum = 0;
        for (const auto& h : all) sum += await(h);
        EXPECT_EQ(sum, 3 * each * rounds);
        EXPECT_EQ(unguarded, 2 * each * rounds);
    });
}

TEST(foreign, await_on_another_thread_is_waited_for_at_the_end_of_run) {
    other::thread_pool pool(1);
    bool ended = false;
    weft::run(weft::options().watchdog({}), [&] {
        spawn([&] {
            for (int i = 0; i < 10; ++i) {
                try {
                    await(pool.schedule());
                } catch (const weft::cancelled&) {}
            }
            ended = true;
        }).detach();
    });
    EXPECT_TRUE(ended);
}

// --- coroutines of another library that await what is weft's

task<int> ours(int n) {
    co_await sleep(1ms);
    co_return n;
}

other::task<int> uses_weft(join_handle<int> h) {
    co_await sleep(2ms);
    int sum = co_await h;
    sum += co_await ours(10);
    co_await yield_now();
    sum += co_await spawn([] { return 100; });
    co_return sum;
}

TEST(foreign, coroutines_await_sleep_handles_and_tasks) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return uses_weft(spawn(ours(1))); }), 111);
        auto alone = uses_weft(spawn(ours(1)));
        alone.start();
        while (!alone.done()) await(sleep(1ms));
        EXPECT_EQ(alone.result(), 111);
    });
}

other::task<std::string> patient(weft::clock::duration limit) {
    std::string text = "in time";
    try {
        co_await weft::with_timeout(limit, sleep(10ms));
    } catch (const weft::timed_out&) {
        text = "too late";
    }
    co_return text;
}

TEST(foreign, coroutines_await_with_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return patient(1ms); }), "too late");
        EXPECT_EQ(get_as(kind, [] { return patient(1h); }), "in time");
    });
}

other::task<int> sleeps_twice(int& phase) {
    co_await sleep(1ms);
    phase = 1;
    try {
        co_await sleep(24h);
    } catch (const weft::cancelled&) {
        phase = 2;
        throw;
    }
    co_return 0;
}

TEST(foreign, coroutines_are_cancelled_in_the_scope_in_which_they_began) {
    in_both_kinds([](coroutine_kind kind) {
        int phase = 0;
        EXPECT_THROW(get_as(kind, [&] { return weft::with_timeout(20ms, sleeps_twice(phase)); }),
                     weft::timed_out);
        EXPECT_EQ(phase, 2);
    });
}

TEST(foreign, coroutines_may_outlive_the_scope_in_which_they_began) {
    on_every_loop([] {
        auto loose = patient(1h);
        await(weft::with_timeout(1s, [&] { loose.start(); }));
        while (!loose.done()) await(sleep(1ms));
        EXPECT_EQ(loose.result(), "in time");
    });
}

TEST(foreign, coroutines_are_cancelled_by_the_end_of_run) {
    int phase = 0;
    weft::testing::with_every_loop([&](const weft::options& how) {
        std::optional<other::task<int>> loose;
        weft::run(how, [&] {
            loose.emplace(sleeps_twice(phase));
            loose->start();
            await(sleep(20ms));
        });
        EXPECT_TRUE(loose->done());
        EXPECT_EQ(phase, 2);
    });
}

other::task<int> joins_often(const join_handle<int>& ended, int rounds) {
    int n = 0;
    for (int i = 0; i < rounds; ++i) n += co_await ended;
    co_return n;
}

TEST(foreign, coroutines_that_await_what_is_there_do_not_spend_what_is_their_callers) {
    on_every_loop([] {
        const auto ended = spawn(ours(1));
        await(ended.join());
        for (const int rounds : {127, 128, 129, 1000}) {
            auto greedy = joins_often(ended, rounds);
            greedy.start();  // in this fiber
            const auto before = weft::clock::now();
            await(sleep(1ms));
            EXPECT_GE(weft::clock::now() - before, 1ms) << "its own await is its own";
            while (!greedy.done()) await(sleep(1ms));
            EXPECT_EQ(greedy.result(), rounds);
        }
    });
}

other::task<int> naps(bool& reached) {
    co_await sleep(1ms);
    reached = true;
    co_return 1;
}

TEST(foreign, coroutines_that_are_begun_by_a_task_run_on_when_it_has_ended) {
    on_every_loop([] {
        bool reached = false;
        auto loose = naps(reached);
        await(spawn([&]() -> task<> {
            loose.start();
            co_return;
        }));
        while (!reached) await(sleep(1ms));
        EXPECT_TRUE(loose.done());
    });
}

}  // namespace
