#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/when_any.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using weft::await;
using weft::child_cancelled;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::when_any;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

using tasks = std::vector<task<int>>;

task<int> ready(int n) {
    co_return n;
}
task<int> after(std::chrono::milliseconds d, int n) {
    co_await sleep(d);
    co_return n;
}
task<int> fail_after(std::chrono::milliseconds d) {
    co_await sleep(d);
    throw std::runtime_error("no");
}
task<int> never(int& ended) {
    try {
        co_await for_ever();
    } catch (const weft::cancelled&) {
        ++ended;
        throw;
    }
    co_return 0;
}
/// Does not mind being cancelled.
task<int> stubborn(int n) {
    try {
        co_await for_ever();
    } catch (const weft::cancelled&) {}
    co_return n;
}

TEST(when_any, gives_the_first_and_cancels_and_joins_the_losers) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        auto given = spawn(never(ended));
        until_it_waits(given);
        auto first = get_as(
            kind, [&] { return when_any(never(ended), after(1ms, 5), given, after(1h, 6)); });
        EXPECT_EQ(first.index(), 1u);
        EXPECT_EQ(first.get<1>().value(), 5);
        EXPECT_EQ(ended, 2);
        EXPECT_TRUE(given.was_cancelled());
        EXPECT_THAT(thrown<child_cancelled>([&] { (void)first.get<0>().value(); }),
                    HasSubstr("was cancelled"));
        EXPECT_FALSE(first.get<2>());
        EXPECT_FALSE(first.get<3>());
        EXPECT_EQ(weft::detail::this_scheduler().live(), 1u);
    });
}

TEST(when_any, of_a_range_gives_a_vector) {
    on_every_loop([] {
        int ended = 0;
        tasks racers;
        for (int i = 0; i < 5; ++i) racers.push_back(i == 3 ? after(1ms, i) : never(ended));
        auto first = await(when_any(std::move(racers)));
        EXPECT_EQ(first.index(), 3u);
        EXPECT_EQ(first.winner().value(), 3);
        EXPECT_EQ(first.results().size(), 5u);
        EXPECT_FALSE(first.results()[0]);
    });
}

TEST(when_any, takes_an_error_for_an_end) {
    on_every_loop([] {
        auto first = await(when_any(fail_after(1ms), after(1h, 1)));
        EXPECT_EQ(first.index(), 0u);
        EXPECT_EQ(thrown<std::runtime_error>([&] { (void)first.get<0>().value(); }), "no");
    });
}

TEST(when_any, loses_nothing_of_a_loser_that_completed) {
    on_every_loop([] {
        auto first = await(when_any(stubborn(7), after(1ms, 8), fail_after(1ms)));
        EXPECT_NE(first.index(), 0u);
        EXPECT_EQ(first.get<0>().value(), 7);
        EXPECT_TRUE(first.get<1>() || !first.get<2>());
    });
}

TEST(when_any, begins_none_behind_one_that_is_ready) {
    weft::run([] {
        bool begun = false;
        const auto note = [&begun]() -> task<> {
            begun = true;
            co_return;
        };
        auto first = await(when_any(ready(1), note()));
        EXPECT_EQ(first.index(), 0u);
        EXPECT_FALSE(begun);
        EXPECT_THAT(thrown<child_cancelled>([&] { first.get<1>().value(); }),
                    HasSubstr("not begun"));
    });
}

TEST(when_any, takes_awaiters_as_they_stand) {
    on_every_loop([] {
        const auto first = await(when_any(for_ever(), sleep(1ms)));
        EXPECT_EQ(first.index(), 1u);
        auto h = spawn([]() -> task<std::size_t> {
            const auto by_task = co_await when_any(for_ever(), sleep(1ms), sleep(1h));
            co_return by_task.index();
        });
        EXPECT_EQ(await(h), 1u);
    });
}

TEST(when_any, cancels_all_when_who_awaits_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        auto h = spawn_as(kind, [&] { return when_any(never(ended), never(ended)); });
        until_it_waits(h);
        await(weft::yield_now());
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(weft::detail::this_scheduler().live(), 1u);
    });
}

TEST(when_any, gives_what_completed_though_who_awaits_was_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        auto h = spawn_as(kind, [] { return when_any(stubborn(7), after(1h, 8)); });
        until_it_waits(h);
        while (h.block().wait->kind != &weft::detail::branches_kind) await(weft::yield_now());
        for (int i = 0; i < 5; ++i) await(weft::yield_now());
        h.cancel();
        await(h.join());
        if (h.successful()) {
            EXPECT_EQ(h.value().index(), 0u);
            EXPECT_EQ(h.value().get<0>().value(), 7);
        } else {
            EXPECT_TRUE(h.was_cancelled()) << "it had not begun to wait";
        }
    });
}

TEST(when_any, counts_a_handle_that_somebody_cancels) {
    on_every_loop([] {
        auto given = spawn(for_ever);
        auto h = spawn([given]() -> task<std::size_t> {
            const auto first = co_await when_any(given, after(1h, 1));
            co_return first.index();
        });
        until_it_waits(h);
        given.cancel();
        EXPECT_EQ(await(h), 0u);
    });
}

TEST(when_any, refuses_an_empty_range) {
    on_every_loop([] {
        EXPECT_THAT(thrown<weft::usage_error>([] { (void)await(when_any(tasks())); }),
                    HasSubstr("leave the call out"));
    });
}

}  // namespace
