#include "weft/base/error.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/core/stopping.hpp"
#include "weft/core/with_cleanup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

// The two phases of an end, and who held it up.

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using weft::await;
using weft::clock;
using weft::loop;
using weft::options;
using weft::sleep;
using weft::testing::for_ever;
using weft::testing::with_every_loop;

TEST(stopping, lets_what_runs_end_in_peace_while_the_loop_drains) {
    with_every_loop([](const options& how) {
        for (const auto kind :
             {weft::testing::coroutine_kind::task, weft::testing::coroutine_kind::fiber}) {
            const int got = weft::run(options(how).drain(10s), [kind] {
                EXPECT_FALSE(weft::is_stopping());
                const auto told = weft::testing::spawn_as(kind, weft::stopping);
                const auto works = weft::spawn([] { await(sleep(2ms)); });
                weft::testing::until_it_waits(told);
                EXPECT_FALSE(told.ready());
                loop::current().stop();
                EXPECT_TRUE(weft::is_stopping());
                await(told);
                await(weft::stopping());
                await(works);
                return 4;
            });
            EXPECT_EQ(got, 4);
        }
    });
}

TEST(stopping, cancels_when_the_time_to_drain_is_over) {
    with_every_loop([](const options& how) {
        const loop* at = nullptr;
        clock::time_point told;
        clock::time_point raised;
        EXPECT_THROW(weft::run(options(how).drain(3ms),
                               [&] {
                                   at = &loop::current();
                                   loop::current().stop();
                                   told = clock::now();
                                   try {
                                       await(for_ever());
                                   } catch (const weft::cancelled& c) {
                                       EXPECT_EQ(c.origin().reason(), weft::cancel_reason::stopped);
                                       raised = clock::now();
                                       throw;
                                   }
                               }),
                     weft::child_cancelled);
        EXPECT_GE(raised - told, 3ms);
    });
}

TEST(stopping, a_second_time_cancels_at_once_and_without_drain_the_first) {
    with_every_loop([](const options& how) {
        for (const int stops : {1, 2}) {
            const auto drain = stops == 1 ? 0s : 3600s;
            EXPECT_THROW(weft::run(options(how).drain(drain),
                                   [stops] {
                                       const auto waits =
                                           weft::spawn([] { await(weft::stopping()); });
                                       weft::testing::until_it_waits(waits);
                                       for (int i = 0; i < stops; ++i) loop::current().stop();
                                       await(sleep(1h));
                                   }),
                         weft::child_cancelled);
        }
    });
}

TEST(stopping, is_told_and_cancelled_in_one_turn) {
    weft::testing::in_both_kinds([](weft::testing::coroutine_kind kind) {
        const auto waits = weft::testing::spawn_as(kind, weft::stopping);
        weft::testing::until_it_waits(waits);
        waits.cancel();
        EXPECT_THROW(await(waits), weft::child_cancelled);
        EXPECT_THROW(await(weft::with_timeout(1ms, weft::stopping())), weft::timed_out);
    });
}

TEST(stopping, leaves_a_loop_that_may_run_again) {
    with_every_loop([](const options& how) {
        loop mine(options(how).drain(1h));
        for (int i = 0; i < 2; ++i) {
            mine.run([&] {
                EXPECT_FALSE(weft::is_stopping());
                mine.stop();
                await(weft::stopping());
            });
        }
        EXPECT_THROW(mine.run(for_ever), weft::deadlock);
    });
    EXPECT_THROW(static_cast<void>(weft::is_stopping()), weft::usage_error);
}

TEST(stopping, ends_a_loop_that_another_one_runs) {
    weft::loop mine(options().watchdog({}).drain(1ms));
    const auto waits = mine.spawn([] { await(for_ever()); });
    while (mine.run_ready()) {}
    mine.stop();
    while (!waits.ready()) static_cast<void>(mine.run_ready());
    EXPECT_TRUE(waits.was_cancelled());
    EXPECT_EQ(mine.statistics().live(), 0u);
}

TEST(stopping, waited_for_is_a_deadlock_where_nobody_may_say_it) {
    EXPECT_THROW(weft::run(options().watchdog({}).stop_on_signals(false), weft::stopping),
                 weft::deadlock);
}

TEST(held_up, is_reported_once_with_who_what_and_where) {
    with_every_loop([](const options& how) {
        weft::testing::collected_reports reports;
        weft::run(options(how).grace(5ms).on_held_up(reports.for_slow()), [&] {
            const auto until_reported = [&] {
                while (reports.count() == 0) await(sleep(10ms));
            };
            const auto deep = [&] { await(weft::with_shield(until_reported)); };
            const auto kept = weft::spawn(deep).name("slow to go");
            const auto gone = weft::spawn([] { await(for_ever()); }).name("quick");
            weft::testing::until_it_waits(kept);
        });
        ASSERT_EQ(reports.count(), 1u);
        EXPECT_THAT(reports.all()[0],
                    AllOf(HasSubstr("shutdown held up by:\n- "), HasSubstr("'slow to go', spawned"),
                          HasSubstr("waits for sleep, for 0."), HasSubstr("at stopping_test.cpp:"),
                          Not(HasSubstr("quick"))));
    });
}

TEST(held_up, is_said_of_one_that_swallows_its_cancellation) {
    weft::testing::on_real_drivers([](const options& how, const char*) {
        weft::testing::collected_reports reports;
        weft::run(options(how).grace(0s).on_held_up(reports.for_slow()), [&] {
            const auto spins = weft::spawn([&] {
                while (reports.count() == 0) {
                    try {
                        await(sleep(1ms));
                    } catch (const weft::cancelled&) {}
                }
            });
            weft::testing::until_it_waits(spins);
        });
        ASSERT_EQ(reports.count(), 1u);
        EXPECT_THAT(reports.all()[0], HasSubstr("waits for nothing: it runs on"));
    });
}

TEST(held_up, is_not_said_of_what_ends_within_its_grace) {
    with_every_loop([](const options& how) {
        weft::testing::collected_reports reports;
        weft::run(options(how).grace(1ms).on_held_up(reports.for_slow()), [] {
            const auto cleanup = [] { return sleep(1h); };
            const auto cleans =
                weft::spawn([cleanup] { await(weft::with_cleanup(for_ever, cleanup)); });
            weft::testing::until_it_waits(cleans);
        });
        EXPECT_EQ(reports.count(), 0u);
    });
}

}  // namespace
