#include "weft/io/signals.hpp"

#include "weft/base/error.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"

#include <atomic>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using weft::await;
using weft::signals;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;

bool is_default(int number) {
    struct sigaction now{};
    ::sigaction(number, nullptr, &now);
    return now.sa_handler == SIG_DFL;
}

TEST(signals, gives_each_that_was_delivered_once) {
    in_both_kinds([](coroutine_kind kind) {
        signals caught({SIGHUP, SIGUSR1, SIGHUP});
        const auto next = [&] { return caught.next(); };
        EXPECT_EQ(caught.try_next(), 0);
        ::raise(SIGHUP);
        ::raise(SIGHUP);
        ::raise(SIGUSR1);
        std::vector<int> got;
        for (int i = 0; i < 3; ++i) got.push_back(get_as(kind, next));
        EXPECT_THAT(got, UnorderedElementsAre(SIGHUP, SIGHUP, SIGUSR1));
        EXPECT_EQ(caught.try_next(), 0);

        const auto first = spawn_as(kind, next);
        until_it_waits(first);
        const auto second = spawn_as(kind, next);
        until_it_waits(second);
        ::raise(SIGUSR1);
        EXPECT_EQ(await(first), SIGUSR1);
        ::raise(SIGHUP);
        EXPECT_EQ(await(second), SIGHUP);
    });
    EXPECT_TRUE(is_default(SIGHUP) && is_default(SIGUSR1));
}

TEST(signals, go_to_every_object) {
    weft::testing::on_every_loop([] {
        signals one(SIGUSR2);
        std::optional<signals> other(SIGUSR2);
        ::raise(SIGUSR2);
        EXPECT_EQ(await(one.next()), SIGUSR2);
        EXPECT_EQ(other->try_next(), SIGUSR2);
        other.reset();
        EXPECT_FALSE(is_default(SIGUSR2));
        ::raise(SIGUSR2);
        EXPECT_EQ(one.try_next(), SIGUSR2);
    });
}

TEST(signals, that_nobody_has_awaited_yet_are_kept_and_go_with_the_object) {
    weft::testing::on_every_loop([] {
        {
            signals unused(SIGHUP);
            for (int i = 0; i < 10; ++i) ::raise(SIGHUP);
        }  // its letter is on the way
        await(weft::yield_now());
        signals later(SIGHUP);
        EXPECT_EQ(later.try_next(), 0);
    });
}

TEST(signals, awaited_can_be_cancelled_and_lose_none_by_it) {
    in_both_kinds([](coroutine_kind kind) {
        signals caught(SIGHUP);
        const auto next = [&] { return caught.next(); };
        EXPECT_THROW(await(weft::with_timeout(1ms, caught.next())), weft::timed_out);
        const auto given_up = spawn_as(kind, next);
        until_it_waits(given_up);
        given_up.cancel();
        ::raise(SIGHUP);
        await(given_up.join());
        // The letter has come before the cancelled one runs, or after.
        EXPECT_EQ((given_up.successful() ? 1 : 0) + (caught.try_next() == SIGHUP ? 1 : 0), 1);

        // Woken, then cancelled in the same turn: it has got it.
        const auto woken = spawn_as(kind, next);
        until_it_waits(woken);
        ::raise(SIGHUP);
        while (woken.block().wait != nullptr) await(weft::yield_now());
        woken.cancel();
        EXPECT_EQ(await(woken), SIGHUP);
    });
}

TEST(signals, come_to_the_loop_of_each_object_whatever_thread_they_interrupt) {
    weft::run(weft::options().watchdog({}), [] {
        signals here(SIGUSR1);
        constexpr int count = 200;
        std::atomic<int> got_there = 0;
        std::atomic<bool> ready = false;
        std::thread other([&] {
            weft::run(weft::options().watchdog({}), [&] {
                signals there(SIGUSR1);
                ready = true;
                while (got_there < count) {
                    await(there.next());
                    ++got_there;
                }
            });
        });
        while (!ready) std::this_thread::yield();
        std::thread raiser([] {
            for (int i = 0; i < count; ++i) ::raise(SIGUSR1);
        });
        for (int i = 0; i < count; ++i) EXPECT_EQ(await(here.next()), SIGUSR1);
        raiser.join();
        other.join();
        EXPECT_EQ(got_there, count);
    });
}

TEST(signals, objects_may_go_while_handlers_run_on_other_threads) {
    weft::run(weft::options().watchdog({}), [] {
        const signals always(SIGUSR2);
        std::atomic<bool> over = false;
        std::vector<std::thread> raisers;
        for (int i = 0; i < 2; ++i)
            raisers.emplace_back([&over] {
                while (!over) ::raise(SIGUSR2);
            });
        for (int i = 0; i < 300; ++i) {
            signals mine({SIGUSR2, SIGHUP});
            if (i % 3 == 0) await(mine.next());
            if (i % 3 == 1) await(weft::yield_now());
        }
        over = true;
        for (std::thread& r : raisers) r.join();
    });
}

TEST(signals, of_sigint_do_not_stop_run) {
    weft::testing::with_every_loop([](const weft::options& how) {
        EXPECT_EQ(weft::run(how,
                            [] {
                                signals caught({SIGINT, SIGTERM});
                                ::raise(SIGINT);
                                const int first = await(caught.next());
                                ::raise(SIGINT);
                                return first + await(caught.next());
                            }),
                  2 * SIGINT);
        EXPECT_TRUE(is_default(SIGINT));
    });
}

TEST(signals, waited_for_are_no_deadlock) {
    std::thread other;
    weft::run(weft::options().watchdog({}), [&other] {
        signals caught(SIGHUP);
        other = std::thread([process = ::getpid()] {
            std::this_thread::yield();
            ::kill(process, SIGHUP);
        });
        EXPECT_EQ(await(caught.next()), SIGHUP);
    });
    other.join();
}

TEST(signals, put_back_the_handler_that_was_there) {
    static std::atomic<int> own = 0;
    struct sigaction mine{};
    mine.sa_handler = [](int) { ++own; };
    struct sigaction before{};
    ::sigaction(SIGUSR1, &mine, &before);
    weft::run([] {
        signals caught(SIGUSR1);
        ::raise(SIGUSR1);
        EXPECT_EQ(await(caught.next()), SIGUSR1);
    });
    EXPECT_EQ(own, 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(own, 1);
    ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(signals, say_what_cannot_be_caught) {
    EXPECT_THROW(signals(SIGHUP), weft::usage_error);
    weft::run([] {
        for (const int number : {0, -1, 65, 1000, SIGKILL, SIGSTOP, SIGSEGV, 32})
            EXPECT_THROW(signals({SIGHUP, number}), weft::usage_error) << number;
        EXPECT_THROW(signals(std::vector<int>()), weft::usage_error);
        EXPECT_TRUE(is_default(SIGHUP));
        signals mine(SIGRTMIN);
        std::thread([&mine] {
            weft::run([&] { EXPECT_THROW(await(mine.next()), weft::usage_error); });
        }).join();
    });
}

TEST(signals_death, destroyed_under_a_waiter_end_the_process) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(weft::run([] {
                     std::optional<signals> caught(SIGHUP);
                     const auto h = weft::spawn([&] { await(caught->next()); });
                     await(weft::yield_now());
                     caught.reset();
                 }),
                 "signals were destroyed while a coroutine awaits them");
}

}  // namespace
