#include "weft/core/run.hpp"

#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using weft::await;
using weft::join_handle;
using weft::loop;
using weft::options;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::yield_now;
using weft::testing::captured_unhandled;
using weft::testing::on_every_loop;
using weft::testing::thrown;
using weft::testing::with_every_loop;

task<int> number(int n) {
    co_await yield_now();
    co_return n;
}

TEST(run, gives_what_a_task_or_a_callable_gives) {
    with_every_loop([](const options& how) {
        EXPECT_EQ(weft::run(how, number(1)), 1);
        EXPECT_EQ(weft::run(how, number, 2), 2);
        EXPECT_EQ(weft::run(how, [] { return number(3); }), 3);
        EXPECT_EQ(weft::run(how, [](int n) { return n + await(number(1)); }, 3), 4);
        EXPECT_EQ(*weft::run(how, [] { return std::make_unique<int>(5); }), 5);
        int n = 0;
        int& m = weft::run(how, [&]() -> int& { return n; });
        EXPECT_EQ(&m, &n);
        weft::run(how, [&]() -> task<> {
            n = 6;
            co_return;
        });
        EXPECT_EQ(n, 6);
    });
    EXPECT_EQ(weft::run(number(7)), 7);
    EXPECT_EQ(weft::run([] { return 8; }), 8);
    EXPECT_EQ(weft::run(number, 9), 9);
}

struct odd_error {
    int code;
};

TEST(run, throws_what_its_coroutine_throws_with_its_type) {
    with_every_loop([](const options& how) {
        for (int i = 0; i < 2; ++i) {
            try {
                weft::run(how, [i]() -> task<> {
                    co_await yield_now();
                    throw odd_error{i};
                });
                ADD_FAILURE() << "it threw nothing";
            } catch (const odd_error& e) {
                EXPECT_EQ(e.code, i);
            }
        }
        EXPECT_EQ(thrown<std::out_of_range>(
                      [&] { weft::run(how, [] { throw std::out_of_range("far"); }); }),
                  "far");
    });
}

TEST(run, of_one_that_is_cancelled_throws_child_cancelled) {
    with_every_loop([](const options& how) {
        const std::string text = thrown<weft::child_cancelled>(
            [&] { weft::run(how, [] { throw weft::cancelled(0, weft::cancel_origin()); }); });
        EXPECT_THAT(text, HasSubstr("run()"));
    });
}

TEST(loop, runs_again_after_a_run_and_after_an_error) {
    with_every_loop([](const options& how) {
        loop mine(how);
        EXPECT_EQ(mine.run(number(1)), 1);
        EXPECT_THROW(mine.run([] { throw odd_error{1}; }), odd_error);
        EXPECT_EQ(mine.run([] {
            auto h = spawn(number(2));
            await(sleep(1ms));
            return await(h);
        }),
                  2);
        EXPECT_THROW(mine.run([] {
            const auto h = spawn([] { await(weft::sleep_until(weft::clock::never)); });
            await(h);
        }),
                     weft::deadlock);
        EXPECT_EQ(mine.run(number, 3), 3);
        EXPECT_EQ(mine.statistics().live(), 0u);
        EXPECT_EQ(mine.statistics().timers(), 0u);
        EXPECT_GE(mine.statistics().spawned(), 6u);
    });
}

// 4.9 of the programs: get a loop, run until complete, close.
TEST(loop, that_is_closed_refuses_with_a_remedy) {
    with_every_loop([](const options& how) {
        loop mine(how);
        EXPECT_FALSE(mine.closed());
        EXPECT_EQ(mine.run(number(1)), 1);
        mine.close();
        mine.close();
        EXPECT_TRUE(mine.closed());
        const captured_unhandled reports;
        EXPECT_THAT(thrown<weft::usage_error>([&] { mine.run(number(1)); }),
                    AllOf(HasSubstr("closed"), HasSubstr("make another one")));
        EXPECT_THAT(thrown<weft::usage_error>([&] { mine.run([] {}); }), HasSubstr("closed"));
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(mine.time()); }),
                    HasSubstr("closed"));
        EXPECT_THROW(static_cast<void>(mine.statistics()), weft::usage_error);
        EXPECT_THAT(reports.all(), IsEmpty()) << "the task that was refused is not called lost";
    });
}

TEST(loop, refuses_to_be_run_or_closed_while_it_runs) {
    with_every_loop([](const options& how) {
        loop mine(how);
        EXPECT_EQ(mine.run([&] {
            EXPECT_THAT(thrown<weft::usage_error>([&] { mine.run(number(1)); }),
                        AllOf(HasSubstr("run()"), HasSubstr("already"), HasSubstr("spawn()")));
            EXPECT_THAT(thrown<weft::usage_error>([&] { weft::run(number(1)); }),
                        HasSubstr("another thread"));
            EXPECT_THAT(thrown<weft::usage_error>([&] { mine.close(); }), HasSubstr("let run()"));
            return await(number(5));
        }),
                  5);
        EXPECT_EQ(mine.run([&]() -> task<int> {
            const std::string text = thrown<weft::usage_error>([&] { mine.run([] {}); });
            EXPECT_THAT(text, HasSubstr("already"));
            co_return co_await number(6);
        }),
                  6);
    });
}

TEST(run, has_a_loop_of_its_own_on_each_thread) {
    const auto count = [] {
        return weft::run(options().watchdog({}), [] {
            int n = 0;
            for (int i = 0; i < 1000; ++i) n += await(spawn(number(1)));
            return n;
        });
    };
    int of_other = 0;
    std::thread other([&] { of_other = count(); });
    EXPECT_EQ(count(), 1000);
    other.join();
    EXPECT_EQ(of_other, 1000);
}

TEST(run, uses_the_driver_of_its_options_and_makes_it_once) {
    int made = 0;
    const auto how = options().watchdog({}).driver([&] {
        ++made;
        return std::make_unique<weft::testing::simulator>();
    });
    weft::run(how, [] { await(sleep(1000h)); });
    EXPECT_EQ(made, 1);
    const auto broken = options().driver(
        []() -> std::unique_ptr<weft::driver> { throw std::runtime_error("no driver"); });
    EXPECT_EQ(thrown<std::runtime_error>([&] { weft::run(broken, [] {}); }), "no driver");
    EXPECT_EQ(weft::run(number(1)), 1);
}

TEST(run, gives_fibers_the_stack_of_its_options) {
    weft::run(options().watchdog({}).stack(1 << 20), [] {
        volatile char room[700 * 1024];
        room[0] = 1;
        await(yield_now());
        EXPECT_EQ(room[0], 1);
    });
}

TEST(run, cancels_and_joins_what_is_left_at_its_end) {
    with_every_loop([](const options& how) {
        std::vector<std::string> log;
        const int result = weft::run(how, [&] {
            spawn([&] {
                try {
                    await(sleep(24h));
                } catch (const weft::cancelled& c) {
                    log.push_back("a fiber was " + c.origin().text());
                    throw;
                }
            }).detach();
            spawn([&]() -> task<> {
                bool raised = false;
                try {
                    co_await weft::sleep_until(weft::clock::never);
                } catch (const weft::cancelled&) {
                    raised = true;
                }
                if (raised) log.emplace_back("a task");
            }).detach();
            await(sleep(1ms));
            return 4;
        });
        EXPECT_EQ(result, 4);
        EXPECT_THAT(log, ::testing::UnorderedElementsAre("a fiber was cancelled because run() ends",
                                                         "a task"));
    });
}

TEST(run, ends_what_is_spawned_while_it_ends) {
    with_every_loop([](const options& how) {
        int began = 0;
        weft::run(how, [&] {
            spawn([&] {
                try {
                    await(sleep(24h));
                } catch (const weft::cancelled&) {
                    spawn([&] {
                        ++began;
                        await(sleep(24h));
                    }).detach();
                }
            }).detach();
            await(sleep(1ms));
        });
        EXPECT_EQ(began, 1);
    });
}

TEST(run, begins_even_what_was_spawned_last) {
    with_every_loop([](const options& how) {
        bool began = false;
        weft::run(how, [&] { spawn([&] { began = true; }).detach(); });
        EXPECT_TRUE(began) << "and its first await would have raised cancelled";
    });
}

// --- nobody keeps the thread

TEST(run, leaves_a_timer_its_turn_beside_coroutines_that_yield_for_ever) {
    // On the loop of this machine: in a simulated world yielding takes no time.
    weft::run(options().watchdog({}), [] {
        bool ends = false;
        const auto busy_task = spawn([&]() -> task<> {
            while (!ends) co_await yield_now();
        });
        const auto busy_fiber = spawn([&] {
            while (!ends) await(yield_now());
        });
        await(sleep(1ms));
        ends = true;
        await(busy_task);
        await(busy_fiber);
    });
}

TEST(run, leaves_a_pipe_its_turn_beside_coroutines_that_yield_for_ever) {
    weft::run(options().watchdog({}), [] {
        bool ends = false;
        const auto busy = spawn([&] {
            while (!ends) await(yield_now());
        });
        weft::testing::test_pipe pipe;
        const auto reader = spawn([&] {
            char c = 0;
            await(pipe.read(&c, 1));
            return c;
        });
        for (int i = 0; i < 1000; ++i) await(yield_now());
        await(pipe.write("x", 1));
        EXPECT_EQ(await(reader), 'x');
        ends = true;
        await(busy);
    });
}

task<> nothing() {
    co_return;
}

TEST(run, requeues_whoever_awaits_what_completes_at_once) {
    on_every_loop([] {
        const auto ended = spawn(number(1));
        await(ended.join());
        std::vector<join_handle<void>> greedy;
        bool ends = false;
        greedy.push_back(spawn([&]() -> task<> {
            while (!ends) static_cast<void>(co_await ended);
        }));
        greedy.push_back(spawn([&] {
            while (!ends) static_cast<void>(await(ended));
        }));
        greedy.push_back(spawn([&]() -> task<> {
            while (!ends) co_await nothing();
        }));
        greedy.push_back(spawn([&] {
            while (!ends) await(nothing());
        }));
        greedy.push_back(spawn([&] {
            while (!ends) await(nothing());
        }));
        await(yield_now());
        await(yield_now());
        ends = true;
        for (const auto& h : greedy) await(h);
    });
}

TEST(run, loses_no_result_when_the_budget_is_spent) {
    on_every_loop([] {
        weft::testing::test_pipe pipe;
        const auto other = spawn([] {
            for (int i = 0; i < 50; ++i) await(yield_now());
        });
        std::string sent;
        std::string got;
        for (int i = 0; i < 1000; ++i) {
            const char c = static_cast<char>('a' + i % 26);
            await(pipe.write(&c, 1));
            sent += c;
            char r = 0;
            EXPECT_EQ(await(pipe.read(&r, 1)), 1u);
            got += r;
        }
        EXPECT_EQ(got, sent);
        await(other);
    });
}

// Of pyos (B.12): the loop ends when no task is left; an error of a subroutine reaches its caller;
// several wait on one descriptor.
TEST(run, lets_several_wait_for_one_pipe) {
    on_every_loop([] {
        weft::testing::test_pipe pipe;
        std::vector<join_handle<char>> readers;
        for (int i = 0; i < 5; ++i)
            readers.push_back(spawn([&] {
                char c = 0;
                await(pipe.read(&c, 1));
                return c;
            }));
        for (const auto& h : readers)
            while (h.block().wait == nullptr && !h.ready()) await(yield_now());
        const std::string text = "abcde";
        for (const char& c : text) await(pipe.write(&c, 1));
        std::string got;
        for (const auto& h : readers) got += await(h);
        std::sort(got.begin(), got.end());
        EXPECT_EQ(got, text);
    });
}

}  // namespace
