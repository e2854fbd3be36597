#include "weft/core/async_generator.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/each.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::async_generator;
using weft::await;
using weft::generator_exit;
using weft::generator_state;
using weft::sleep;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::in_both_kinds;
using weft::testing::thrown;
using weft::testing::until_it_waits;

using witness = weft::testing::counted<struct in_async_generators>;

async_generator<int> count(int n) {
    const witness w;
    for (int i = 0; i < n; ++i) {
        if (i % 100 == 0) co_await sleep(1ms);
        co_yield i;
    }
}

task<std::vector<int>> collect_task(async_generator<int> g) {
    std::vector<int> all;
    while (auto n = co_await g.next()) all.push_back(*n);
    co_return all;
}
std::vector<int> collect_fiber(async_generator<int> g) {
    std::vector<int> all;
    for (const int n : weft::each(g)) all.push_back(n);
    return all;
}
std::vector<int> collect(coroutine_kind kind, async_generator<int> g) {
    if (kind == coroutine_kind::task) return await(collect_task(std::move(g)));
    return await(weft::spawn(collect_fiber, std::move(g)));
}

/// One step in a coroutine of that kind of its own, which may be cancelled.
weft::join_handle<int> spawn_next(coroutine_kind kind, async_generator<int>& g) {
    if (kind == coroutine_kind::task)
        return weft::spawn(
            [](async_generator<int>& from) -> task<int> {
                const auto n = co_await from.next();
                co_return n ? *n : -1;
            },
            std::ref(g));
    return weft::spawn(
        [](async_generator<int>& from) {
            const auto n = await(from.next());
            return n ? *n : -1;
        },
        std::ref(g));
}
weft::join_handle<void> spawn_close(coroutine_kind kind, async_generator<int>& g) {
    return weft::testing::spawn_as(kind, [&g] { return g.close(); });
}

TEST(async_generator, gives_what_is_yielded_between_waits) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_THAT(collect(kind, count(5)), ElementsAre(0, 1, 2, 3, 4));
        EXPECT_THAT(collect(kind, count(0)), ElementsAre());
        EXPECT_EQ(collect(kind, count(1'000)).back(), 999);
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(async_generator, runs_nothing_before_next_and_says_where_it_stands) {
    in_both_kinds([](coroutine_kind kind) {
        auto g = count(1);
        EXPECT_EQ(g.state(), generator_state::created);
        EXPECT_EQ(witness::now.live, 0);
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        EXPECT_EQ(g.state(), generator_state::suspended);
        EXPECT_EQ(witness::now.live, 1);
        auto moved = std::move(g);
        EXPECT_EQ(g.state(), generator_state::closed);
        EXPECT_EQ(await(spawn_next(kind, g)), -1);
        EXPECT_EQ(await(spawn_next(kind, moved)), -1);
        EXPECT_EQ(moved.state(), generator_state::closed);
        EXPECT_EQ(witness::now.live, 0);
        EXPECT_EQ(await(spawn_next(kind, moved)), -1);
    });
}

async_generator<int> endless() {
    const witness w;
    for (int i = 0;; ++i) co_yield i;
}

TEST(async_generator, is_destroyed_where_it_yields) {
    in_both_kinds([](coroutine_kind kind) {
        {
            auto g = endless();
            EXPECT_EQ(await(spawn_next(kind, g)), 0);
            EXPECT_EQ(await(spawn_next(kind, g)), 1);
            EXPECT_EQ(witness::now.live, 1);
            auto unused = endless();
            g = count(1);
            EXPECT_EQ(witness::now.live, 0);
        }
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(async_generator, that_does_not_wait_is_charged_and_cancelled_all_the_same) {
    in_both_kinds([](coroutine_kind kind) {
        auto g = endless();
        int steps = 0;
        weft::join_handle<void> driver;
        if (kind == coroutine_kind::task)
            driver = weft::spawn(
                [](async_generator<int>& from, int& taken) -> task<> {
                    for (;; ++taken) static_cast<void>(co_await from.next());
                },
                std::ref(g), std::ref(steps));
        else
            driver = weft::spawn(
                [](async_generator<int>& from, int& taken) {
                    for (;; ++taken) static_cast<void>(await(from.next()));
                },
                std::ref(g), std::ref(steps));
        weft::testing::until([&] { return steps > 0; });  // others run
        driver.cancel();
        EXPECT_THROW(await(driver), weft::child_cancelled);
        EXPECT_EQ(g.state(), generator_state::suspended);  // it can still be used
        EXPECT_GT(await(spawn_next(kind, g)), 0);
    });
}

async_generator<int> waits_after(int n, std::string& log) {
    const witness w;
    try {
        for (int i = 0; i < n; ++i) co_yield i;
        co_await for_ever();
    } catch (const weft::cancelled&) {
        log += "cancelled ";
        throw;
    }
}

TEST(async_generator, is_told_of_a_cancellation_where_it_waits) {
    in_both_kinds([](coroutine_kind kind) {
        std::string log;
        auto g = waits_after(1, log);
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        auto driver = spawn_next(kind, g);
        until_it_waits(driver);
        EXPECT_EQ(g.state(), generator_state::running);
        driver.cancel();
        EXPECT_THROW(await(driver), weft::child_cancelled);
        EXPECT_EQ(log, "cancelled ");
        EXPECT_EQ(g.state(), generator_state::closed);

        log.clear();
        g = waits_after(0, log);
        EXPECT_THROW(await(weft::with_timeout(1ms, g.next())), weft::timed_out);
        EXPECT_EQ(log, "cancelled ");
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(async_generator, refuses_a_second_driver) {
    in_both_kinds([](coroutine_kind kind) {
        std::string log;
        auto g = waits_after(0, log);
        auto driver = spawn_next(kind, g);
        until_it_waits(driver);
        auto second = spawn_next(kind, g);
        EXPECT_THAT(thrown<weft::already_executing>([&] { await(second); }),
                    HasSubstr("one at a time may await next()"));
        EXPECT_THROW(await(spawn_close(kind, g)), weft::already_executing);
        driver.cancel();
        await(driver.join());
    });
}

async_generator<int> fails_after(int n) {
    const witness w;
    for (int i = 0; i < n; ++i) co_yield i;
    co_await weft::yield_now();
    throw std::runtime_error("no more");
}

TEST(async_generator, throws_what_its_body_throws_and_is_closed) {
    in_both_kinds([](coroutine_kind kind) {
        auto g = fails_after(1);
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(spawn_next(kind, g)); }), "no more");
        EXPECT_EQ(g.state(), generator_state::closed);
        EXPECT_EQ(await(spawn_next(kind, g)), -1);
        EXPECT_EQ(witness::now.live, 0);
    });
}

async_generator<int> cleans_up(std::string& log) {
    for (int i = 0;; ++i) {
        bool ends = false;
        try {
            co_yield i;
        } catch (const generator_exit&) {
            ends = true;
        } catch (const std::runtime_error& e) {
            log += e.what();
        }
        if (!ends) continue;
        co_await sleep(1ms);
        log += "closed";
        co_return;
    }
}
async_generator<int> ignores_exit() {
    for (int i = 0; i < 2; ++i) {
        try {
            co_yield i;
        } catch (const generator_exit&) {}
    }
    co_yield 7;
}

TEST(async_generator, is_closed_at_its_yield_and_may_wait_then) {
    in_both_kinds([](coroutine_kind kind) {
        std::string log;
        auto g = cleans_up(log);
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        await(spawn_close(kind, g));
        EXPECT_EQ(log, "closed");
        EXPECT_EQ(g.state(), generator_state::closed);
        await(spawn_close(kind, g));

        g = cleans_up(log);
        await(spawn_close(kind, g));  // nothing has run
        EXPECT_EQ(g.state(), generator_state::closed);

        g = endless();
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        await(spawn_close(kind, g));  // lets the exit pass
        EXPECT_EQ(witness::now.live, 0);

        g = ignores_exit();
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        EXPECT_THAT(thrown<weft::ignored_exit>([&] { await(spawn_close(kind, g)); }),
                    HasSubstr("yielded a value"));
        EXPECT_EQ(await(spawn_next(kind, g)), 7);
    });
}

task<> close_when_cancelled(async_generator<int>& g) {
    static_cast<void>(co_await g.next());
    bool ends = false;
    try {
        co_await for_ever();
    } catch (const weft::cancelled&) {
        ends = true;
    }
    if (ends) co_await g.close();
}

TEST(async_generator, is_closed_by_a_coroutine_that_is_cancelled) {
    weft::testing::on_every_loop([] {
        auto g = endless();
        auto h = weft::spawn(close_when_cancelled(g));
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_EQ(g.state(), generator_state::closed);
    });
}

TEST(async_generator, is_thrown_errors_at_its_yield) {
    in_both_kinds([](coroutine_kind kind) {
        std::string log;
        auto g = cleans_up(log);
        const auto raise = [&] {
            return weft::testing::spawn_as(kind,
                                           [&g] { return g.throw_(std::runtime_error("told ")); });
        };
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        EXPECT_EQ(*await(raise()), 1);
        EXPECT_EQ(log, "told ");
        EXPECT_EQ(await(spawn_next(kind, g)), 2);
        await(spawn_close(kind, g));
        EXPECT_THROW(await(raise()), std::runtime_error);
        g = cleans_up(log);
        EXPECT_THROW(await(raise()), std::runtime_error);
        EXPECT_EQ(g.state(), generator_state::closed);
        EXPECT_THROW((void)g.throw_(std::exception_ptr()), weft::usage_error);
    });
}

async_generator<std::unique_ptr<int>> boxes() {
    co_yield std::make_unique<int>(1);
    auto second = std::make_unique<int>(2);
    co_yield std::move(second);
}
async_generator<const std::string&> by_reference(const std::string& s) {
    co_yield s;
}
async_generator<std::string> copies() {
    const std::string kept = "kept";
    co_yield kept;
    std::string changed = kept;
    co_yield changed;
    changed += " as it was";
    co_yield changed;
}

TEST(async_generator, hands_out_references_copies_and_what_only_moves) {
    weft::testing::on_every_loop([] {
        auto g = boxes();
        const std::unique_ptr<int> first = *await(g.next());
        const std::unique_ptr<int> second = *await(g.next());
        EXPECT_EQ(*first + *second, 3);
        const std::string text = "here";
        auto references = by_reference(text);
        EXPECT_EQ(&*await(references.next()), &text);
        std::string all;
        for (auto& s : weft::each(copies())) all += std::exchange(s, "taken") + ",";
        EXPECT_EQ(all, "kept,kept,kept as it was,");
    });
}

async_generator<int> doubled(async_generator<int> from) {
    while (auto n = co_await from.next()) co_yield 2 * *n;
}

TEST(async_generator, drives_another_one) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_THAT(collect(kind, doubled(doubled(count(3)))), ElementsAre(0, 4, 8));
        std::string log;
        auto g = doubled(waits_after(1, log));
        EXPECT_EQ(await(spawn_next(kind, g)), 0);
        auto driver = spawn_next(kind, g);
        until_it_waits(driver);
        EXPECT_THAT(driver.backtrace().text(), HasSubstr("async_generator_test.cpp"));
        driver.cancel();
        EXPECT_THROW(await(driver), weft::child_cancelled);
        EXPECT_EQ(log, "cancelled ");
    });
}

other::task<int> sum_as_foreign(async_generator<int>& g) {
    int sum = 0;
    while (const auto n = co_await g.next()) sum += *n;
    co_await g.close();
    co_return sum;
}

TEST(async_generator, is_driven_by_coroutines_of_other_libraries) {
    weft::testing::on_every_loop([] {
        auto g = count(5);
        auto sum = sum_as_foreign(g);
        sum.start();
        weft::testing::until([&] {
            await(sleep(1ms));
            return sum.done();
        });
        EXPECT_EQ(sum.result(), 10);
    });
}

TEST(async_generator_death, destroyed_while_it_awaits_ends_the_process) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(weft::run([] {
                     std::string log;
                     auto g = std::make_unique<async_generator<int>>(waits_after(0, log));
                     auto driver = spawn_next(coroutine_kind::task, *g);
                     until_it_waits(driver);
                     g.reset();
                 }),
                 "destroyed while it runs or awaits");
}

}  // namespace
