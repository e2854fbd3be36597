#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/run.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <chrono>
#include <coroutine>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <thread>

// A run that nothing can ever wake says so, who waits for what and where, and when another thread
// may still act it waits.

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using weft::await;
using weft::join_handle;
using weft::options;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::testing::thrown;
using weft::testing::with_every_loop;

using maybe_handle = std::optional<join_handle<void>>;

constexpr int line_of_join = __LINE__ + 2;
task<> join_it(maybe_handle& other) {
    co_await *other;
}
constexpr int line_of_await = __LINE__ + 2;
task<> join_it_from_below(maybe_handle& other) {
    co_await join_it(other);
}

std::string at_line(int line) {
    return "at run_deadlock_test.cpp:" + std::to_string(line) + " in ";
}

TEST(deadlock, of_two_that_join_each_other_lists_both_and_where) {
    with_every_loop([](const options& how) {
        maybe_handle a;
        maybe_handle b;
        const std::string text = thrown<weft::deadlock>([&] {
            weft::run(how, [&] {
                a = spawn(join_it_from_below(b)).name("hen");
                b = spawn([&] { await(*a); }).name("egg");
                await(*a);
            });
        });
        EXPECT_THAT(text, HasSubstr("nothing can ever run again"));
        EXPECT_THAT(text, AllOf(HasSubstr("- task 2 'hen', spawned at run_deadlock_test.cpp:"),
                                HasSubstr("- fiber 3 'egg', spawned at run_deadlock_test.cpp:"),
                                HasSubstr("- fiber 1, spawned at run_deadlock_test.cpp:")));
        EXPECT_THAT(text, HasSubstr("waits for the end of another coroutine"));
        EXPECT_THAT(text,
                    AllOf(HasSubstr(at_line(line_of_join)), HasSubstr("join_it("),
                          HasSubstr(at_line(line_of_await)), HasSubstr("join_it_from_below(")));
        EXPECT_THAT(text, Not(HasSubstr("Frame*")));
        EXPECT_TRUE(a->was_cancelled() || !a->successful());
        a.reset();
        b.reset();
    });
}

TEST(deadlock, of_a_pipe_that_nobody_writes_is_found_by_the_simulator) {
    weft::testing::simulation world(1);
    const std::string text = thrown<weft::deadlock>([&] {
        world.run([] {
            weft::testing::test_pipe pipe;
            char c = 0;
            await(pipe.read(&c, 1));
        });
    });
    EXPECT_THAT(text, HasSubstr("waits for read"));
}

TEST(deadlock, is_found_although_descriptors_are_open_that_nobody_waits_for) {
    with_every_loop([](const options& how) {
        const std::string text = thrown<weft::deadlock>([&] {
            weft::run(how, [&] {
                weft::testing::test_pipe pipe;
                await(pipe.write("x", 1));
                await(weft::sleep_until(weft::clock::never));
            });
        });
        EXPECT_THAT(text, HasSubstr("waits for sleep"));
    });
}

TEST(deadlock, is_one_only_when_the_last_timer_has_expired) {
    with_every_loop([](const options& how) {
        bool expired = false;
        EXPECT_THROW(weft::run(how,
                               [&] {
                                   spawn([&] {
                                       await(sleep(2ms));
                                       expired = true;
                                   }).detach();
                                   await(weft::sleep_until(weft::clock::never));
                               }),
                     weft::deadlock);
        EXPECT_TRUE(expired);
    });
}

TEST(deadlock, lists_a_hundred_and_counts_the_others) {
    const std::string text = thrown<weft::deadlock>([] {
        weft::run(options().watchdog({}), [] {
            for (int i = 0; i < 150; ++i)
                spawn([] { await(weft::sleep_until(weft::clock::never)); }).detach();
            await(weft::sleep_until(weft::clock::never));
        });
    });
    EXPECT_THAT(text, HasSubstr("- and 51 more"));
}

TEST(deadlock, unwinds_all_that_wait) {
    with_every_loop([](const options& how) {
        int unwound = 0;
        EXPECT_THROW(weft::run(how,
                               [&] {
                                   for (int i = 0; i < 3; ++i)
                                       spawn([&] {
                                           struct guard {
                                               explicit guard(int& n) : count(n) {}
                                               ~guard() { ++count; }
                                               int& count;
                                           } const local(unwound);
                                           await(weft::sleep_until(weft::clock::never));
                                       }).detach();
                                   await(weft::sleep_until(weft::clock::never));
                               }),
                     weft::deadlock);
        EXPECT_EQ(unwound, 3);
    });
}

/// Resumed by a thread that takes its time.
class resumed_late {
public:
    resumed_late() = default;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
        late_ = std::thread([h] {
            for (int i = 0; i < 20; ++i) std::this_thread::yield();
            h.resume();
        });
    }
    void await_resume() { late_.join(); }

private:
    std::thread late_;
};

TEST(deadlock, is_none_while_another_thread_may_resume) {
    with_every_loop([](const options& how) {
        EXPECT_EQ(weft::run(how,
                            [] {
                                resumed_late event;
                                const auto waits = spawn([&] { await(event); });
                                const auto joins = spawn([&]() -> task<int> {
                                    co_await waits;
                                    co_return 5;
                                });
                                return await(joins);
                            }),
                  5);
    });
}

TEST(deadlock, is_found_on_a_loop_that_ran_before_and_runs_after) {
    with_every_loop([](const options& how) {
        weft::loop mine(how);
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(mine.run([] { return 1; }), 1);
            EXPECT_THROW(mine.run([] { await(weft::sleep_until(weft::clock::never)); }),
                         weft::deadlock);
        }
    });
}

}  // namespace
