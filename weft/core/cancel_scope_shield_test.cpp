#include "weft/core/cancel_scope.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::await;
using weft::cancel_scope;
using weft::cancelled;
using weft::clock;
using weft::sleep;
using weft::task;
using weft::with_shield;
using weft::with_timeout;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::simulation;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

using strings = std::vector<std::string>;

/// Goes on until `stop`, within a shield, and awaits again after it.
task<> shielded_until(const bool& stop, strings& log) {
    const auto whole = [&]() -> task<> {
        while (!stop) co_await weft::yield_now();
        co_await sleep(1us);
        log.emplace_back("whole");
    };
    co_await with_shield(whole);
    log.emplace_back("after it");
    co_await weft::yield_now();
    log.emplace_back("never");
}

TEST(with_shield, keeps_a_cancellation_out_and_the_first_await_after_it_raises) {
    in_both_kinds([](coroutine_kind kind) {
        bool stop = false;
        strings log;
        auto h = spawn_as(kind, [&] { return shielded_until(stop, log); });
        for (int i = 0; i < 3; ++i) await(weft::yield_now());
        h.cancel();
        for (int i = 0; i < 3; ++i) await(weft::yield_now());
        EXPECT_FALSE(h.ready());
        stop = true;
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("whole", "after it"));
    });
}

TEST(with_shield, entered_by_one_that_is_cancelled_already_runs) {
    in_both_kinds([](coroutine_kind kind) {
        bool stop = true;
        strings log;
        auto h = spawn_as(kind, [&] { return shielded_until(stop, log); });
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("whole", "after it"));
    });
}

TEST(with_shield, keeps_an_outer_deadline_out) {
    simulation(1).run([] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            int whole = 0;
            const auto body = [&whole]() -> task<> {
                co_await with_shield([] { return sleep(3s); });
                ++whole;
                co_await for_ever();
            };
            const auto before = clock::now();
            EXPECT_THROW(get_as(kind, [&] { return with_timeout(1s, body); }), weft::timed_out);
            EXPECT_EQ(clock::now() - before, 3s);
            EXPECT_EQ(whole, 1);
        }
    });
}

TEST(with_shield, lets_a_deadline_of_its_own_work) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto whole = [&log]() -> task<> {
            try {
                co_await with_timeout(1ms, for_ever);
            } catch (const weft::timed_out&) {
                log.emplace_back("inside");
            }
        };
        auto h = spawn_as(kind, [&] { return with_shield(whole); });
        h.cancel();
        await(h.join());
        EXPECT_THAT(log, ElementsAre("inside"));
    });
}

TEST(with_shield, has_a_scope_that_can_be_cancelled_and_then_lets_it_pass) {
    in_both_kinds([](coroutine_kind kind) {
        const auto whole = [](cancel_scope& s) {
            s.cancel();
            return for_ever();
        };
        auto h = spawn_as(kind, [&] { return with_shield(whole); });
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(with_shield, gives_what_its_body_gives) {
    in_both_kinds([](coroutine_kind kind) {
        const auto unique = [](int n) -> task<std::unique_ptr<int>> {
            co_await weft::yield_now();
            co_return std::make_unique<int>(n);
        };
        EXPECT_EQ(*get_as(kind, [&] { return with_shield(unique, 5); }), 5);
        EXPECT_EQ(get_as(kind, [] { return with_shield(weft::spawn([] { return 6; })); }), 6);
        const auto fails = []() -> task<> {
            throw std::runtime_error("mine");
            co_return;
        };
        EXPECT_EQ(
            thrown<std::runtime_error>([&] { get_as(kind, [&] { return with_shield(fails); }); }),
            "mine");
    });
}

TEST(with_shield, in_a_shield_in_a_cancelled_scope_is_whole) {
    in_both_kinds([](coroutine_kind kind) {
        int whole = 0;
        const auto innermost = [&whole]() -> task<> {
            co_await sleep(1us);
            ++whole;
        };
        const auto inner = [&]() -> task<> {
            co_await with_shield(innermost);
            co_await sleep(1us);
            ++whole;
        };
        const auto outer = [&](cancel_scope& s) -> task<> {
            s.cancel();
            co_await with_shield(inner);
            ++whole;
        };
        EXPECT_TRUE(get_as(kind, [&] { return weft::with_cancel(outer); }));
        EXPECT_EQ(whole, 3);
    });
}

TEST(with_shield, in_a_cancelled_coroutine_between_scopes_of_its_own) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto body = [&log](cancel_scope&) -> task<> {
            try {
                co_await for_ever();
            } catch (const cancelled&) {
                log.emplace_back("raised");
            }
            const auto whole = [&log]() -> task<> {
                const auto within = [] { return sleep(1us); };
                const bool ended = co_await weft::with_cancel(within);
                log.emplace_back(ended ? "whole" : "broken");
            };
            co_await with_shield(whole);
            co_await weft::yield_now();
            log.emplace_back("never");
        };
        auto h = spawn_as(kind, [&] { return weft::with_cancel(body); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("raised", "whole"));
    });
}

TEST(with_shield, runs_plain_code_in_a_fiber) {
    on_every_loop([] {
        int n = 0;
        auto h = weft::spawn([&n] {
            await(with_shield([&n] {
                await(weft::yield_now());
                ++n;
            }));
            await(weft::yield_now());
            ++n;
        });
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(n, 1);
    });
}

// When nothing else can end what is left, the end of run cancels what is shielded too.
TEST(with_shield, that_waits_for_ever_does_not_keep_run_from_returning) {
    for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
        int raised = 0;
        simulation(1).run([&] {
            const auto body = [&raised]() -> task<> {
                // It shields itself again and again.
                for (int i = 0; i < 5; ++i) {
                    try {
                        co_await with_shield(for_ever);
                    } catch (const cancelled&) {
                        ++raised;
                    }
                }
            };
            auto h = spawn_as(kind, body);
            await(weft::yield_now());
            h.detach();
        });
        EXPECT_EQ(raised, 5);
    }
}

TEST(with_shield, that_waits_for_ever_is_part_of_a_deadlock) {
    for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
        EXPECT_THROW(
            simulation(1).run([kind] { get_as(kind, [] { return with_shield(for_ever); }); }),
            weft::deadlock);
    }
}

}  // namespace
