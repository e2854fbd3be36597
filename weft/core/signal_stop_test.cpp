#include "weft/core/kinds_test.hpp"
#include "weft/core/loop_group.hpp"
#include "weft/core/remote_handle.hpp"
#include "weft/core/run.hpp"
#include "weft/core/stopping.hpp"

#include <atomic>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

// SIGINT and SIGTERM stop `run`, a second one ends the process.

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::interrupted;
using weft::options;
using weft::run;
using weft::testing::for_ever;
using weft::testing::with_every_loop;

void raise_and_wait(int number) {
    ::raise(number);
    await(for_ever());
}

/// How a child process ends that calls `f`; its `f` returns an exit status.
template <class F>
int status_of_child(F f) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(f());
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

bool is_default(int number) {
    struct sigaction now{};
    ::sigaction(number, nullptr, &now);
    return (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

TEST(signal_stop, ends_run_which_says_what_interrupted_it) {
    with_every_loop([](const options& how) {
        for (const int number : {SIGINT, SIGTERM}) {
            try {
                run(how, raise_and_wait, number);
                ADD_FAILURE() << "it has returned";
            } catch (const interrupted& e) {
                EXPECT_EQ(e.signal(), number);
                EXPECT_EQ(e.exit_status(), 128 + number);
                EXPECT_THAT(e.what(),
                            ::testing::HasSubstr(number == SIGINT ? "by SIGINT" : "by SIGTERM"));
            }
            EXPECT_TRUE(is_default(number));
        }
    });
}

TEST(signal_stop, gives_what_main_returns_all_the_same) {
    with_every_loop([](const options& how) {
        EXPECT_EQ(run(how,
                      [] {
                          try {
                              raise_and_wait(SIGINT);
                          } catch (const weft::cancelled&) {}
                          return 3;
                      }),
                  3);
        EXPECT_EQ(run(options(how).drain(1h),
                      [] {
                          ::raise(SIGTERM);
                          await(weft::stopping());
                          await(weft::sleep(1ms));
                          return 4;
                      }),
                  4);
    });
}

TEST(signal_stop, waited_for_is_no_deadlock) {
    std::thread other;
    EXPECT_EQ(run(options().watchdog({}).drain(1h),
                  [&other] {
                      other = std::thread([process = ::getpid()] { ::kill(process, SIGINT); });
                      await(weft::stopping());
                      return 5;
                  }),
              5);
    other.join();
}

TEST(signal_stop, stops_all_loops_of_a_run_and_every_run) {
    std::atomic<int> stopped = 0;
    std::latch ready(3);
    const auto waits = [&] {
        try {
            run(options().watchdog({}).threads(2), [&] {
                const auto there = weft::spawn_on(weft::loops()[1], for_ever);
                await(weft::yield_now());
                ready.count_down();
                await(for_ever());
            });
        } catch (const interrupted&) {
            ++stopped;
        }
    };
    std::thread first(waits);
    std::thread second(waits);
    ready.arrive_and_wait();
    ::kill(::getpid(), SIGTERM);
    first.join();
    second.join();
    EXPECT_EQ(stopped, 2);
    EXPECT_TRUE(is_default(SIGTERM));
}

TEST(signal_stop, a_second_time_ends_the_process) {
    const int status = status_of_child([] {
        run(options().watchdog({}), [] {
            try {
                raise_and_wait(SIGINT);
            } catch (const weft::cancelled&) {
                ::raise(SIGTERM);
            }
        });
        return 1;
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

TEST(signal_stop, that_comes_when_main_has_ended_has_its_usual_effect) {
    const int status = status_of_child([] {
        bool ended = false;
        run(options().watchdog({}), [&] {
            weft::spawn([&] {
                try {
                    await(for_ever());
                } catch (const weft::cancelled&) {
                    ::raise(SIGINT);
                    ended = true;
                    throw;
                }
            }).detach();
            await(weft::yield_now());
        });
        return 1;
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
}

TEST(signal_stop, is_left_out_when_asked_or_where_the_program_has_its_own_way) {
    const int status = status_of_child([] {
        run(options().watchdog({}).stop_on_signals(false), raise_and_wait, SIGTERM);
        return 1;
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;

    static std::atomic<int> own = 0;
    const auto count = [](int) { ++own; };
    struct sigaction before{};
    for (const bool ignored : {true, false}) {
        struct sigaction mine{};
        mine.sa_handler = ignored ? SIG_IGN : +count;
        ::sigaction(SIGINT, &mine, &before);
        EXPECT_EQ(run(options().watchdog({}),
                      [] {
                          ::raise(SIGINT);
                          await(weft::sleep(1us));
                          return 6;
                      }),
                  6);
        struct sigaction now{};
        ::sigaction(SIGINT, nullptr, &now);
        EXPECT_EQ(now.sa_handler, mine.sa_handler);
        before.sa_handler = SIG_DFL;
        ::sigaction(SIGINT, &before, nullptr);
    }
    EXPECT_EQ(own, 1);
}

TEST(signal_stop, leaves_a_handler_alone_that_was_installed_meanwhile) {
    struct sigaction mine{};
    mine.sa_handler = SIG_IGN;
    run(options().watchdog({}), [&] { ::sigaction(SIGINT, &mine, nullptr); });
    struct sigaction now{};
    ::sigaction(SIGINT, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_IGN);
    now.sa_handler = SIG_DFL;
    ::sigaction(SIGINT, &now, nullptr);
}

TEST(signal_stop, is_not_inherited_by_a_child_of_fork) {
    run(options().watchdog({}), [] {
        const int status = status_of_child([] {
            if (!is_default(SIGINT) || !is_default(SIGTERM)) return 1;
            ::raise(SIGINT);
            return 2;
        });
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
        EXPECT_FALSE(is_default(SIGINT));
    });
}

}  // namespace
