#include "weft/base/counted_test.hpp"
#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/when_all.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::child_cancelled;
using weft::join_handle;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::when_all;
using weft::testing::collected_reports;
using weft::testing::coroutine_kind;
using weft::testing::counted;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;
using weft::testing::with_every_loop;

using tasks = std::vector<task<int>>;

task<int> ready(int n) {
    co_return n;
}
task<int> after(std::chrono::milliseconds d, int n) {
    co_await sleep(d);
    co_return n;
}
task<int> fail_after(std::chrono::milliseconds d, std::string text) {
    co_await sleep(d);
    throw std::runtime_error(text);
}
task<int> fail_at_once(std::string text) {
    throw std::runtime_error(text);
    co_return 0;
}
/// Says whether it was cancelled, and takes its time about it.
task<int> note_cancelled(int& ended) {
    try {
        co_await for_ever();
    } catch (const weft::cancelled&) {
        ++ended;
        throw;
    }
    co_return 0;
}
tasks three() {
    tasks all;
    all.push_back(after(3ms, 1));
    all.push_back(ready(2));
    all.push_back(after(1ms, 3));
    return all;
}

task<> nothing_after(std::chrono::milliseconds d) {
    co_await sleep(d);
}

TEST(when_all, gives_the_results_in_order) {
    in_both_kinds([](coroutine_kind kind) {
        const auto [a, b, c, d] = get_as(kind, [] {
            return when_all(after(3ms, 1), ready(2), spawn(after(1ms, 3)), nothing_after(1ms));
        });
        EXPECT_EQ(std::tuple(a, b, c), std::tuple(1, 2, 3));
        static_assert(std::is_same_v<decltype(d), const std::monostate>);
    });
}

TEST(when_all, of_what_gives_nothing_gives_nothing) {
    // Awaiters do not move: those that are temporaries live as long as the expression.
    on_every_loop([] {
        const auto began = weft::clock::now();
        await(when_all(sleep(3ms), weft::yield_now(), spawn([] {})));
        EXPECT_GE(weft::clock::now() - began, 3ms);
        await(spawn([]() -> task<> { co_await when_all(sleep(3ms), nothing_after(1ms)); }));
        EXPECT_GE(weft::clock::now() - began, 6ms);
    });
}

TEST(when_all, of_a_range_gives_a_vector) {
    on_every_loop([] {
        EXPECT_THAT(await(when_all(three())), ElementsAre(1, 2, 3));
        const auto made = [] {
            return when_all(std::views::iota(4, 7) | std::views::transform(&ready));
        };
        EXPECT_THAT(await(made()), ElementsAre(4, 5, 6));
        const std::vector<join_handle<int>> handles = {spawn(after(2ms, 7)), spawn(ready(8))};
        EXPECT_THAT(await(when_all(handles)), ElementsAre(7, 8));
        EXPECT_TRUE(await(when_all(tasks())).empty());
    });
}

TEST(when_all, runs_more_tasks_than_a_turn_of_the_loop_has) {
    on_every_loop([] {
        const auto make = [](int n) { return n % 100 == 0 ? after(1ms, n) : ready(n); };
        const auto results =
            await(when_all(std::views::iota(0, 1'000) | std::views::transform(make)));
        for (int i = 0; i < 1'000; ++i) ASSERT_EQ(results[static_cast<std::size_t>(i)], i);
    });
}

task<int> nested(int depth) {
    if (depth == 0) co_return 1;
    const auto [a, b] = co_await when_all(nested(depth - 1), ready(1));
    co_return a + b;
}
TEST(when_all, nests_deeper_than_the_stack) {
    on_every_loop([] { EXPECT_EQ(await(nested(3'000)), 3'001); });
}

TEST(when_all, lets_others_run_between_tasks_that_are_always_ready) {
    weft::run(weft::options().watchdog({}), [] {
        bool over = false;
        auto endless = spawn(
            [](bool& stop) -> task<> {
                while (!stop) (void)co_await when_all(ready(1), ready(2));
            },
            std::ref(over));
        await(sleep(1ms));
        over = true;
        await(endless);
    });
}

TEST(when_all, moves_results_once_out_of_each_task) {
    using value = counted<struct of_when_all>;
    on_every_loop([] {
        value::reset();
        {
            const auto make = []() -> task<value> { co_return value(5); };
            const auto [a, b] = await(when_all(make(), make()));
            EXPECT_EQ(a.value + b.value, 10);
            EXPECT_EQ(value::now.copies, 0);
        }
        EXPECT_EQ(value::now.live, 0);
    });
}

TEST(when_all, takes_references_and_what_cannot_be_copied) {
    on_every_loop([] {
        int n = 1;
        const auto refer = [&n]() -> task<int&> { co_return n; };
        const auto own = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(2); };
        const auto [a, b] = await(when_all(refer(), spawn(own())));
        EXPECT_EQ(&a, &n);
        EXPECT_EQ(*b, 2);
    });
}

TEST(when_all, cancels_and_joins_the_others_when_one_fails) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        auto given = spawn(note_cancelled(ended));
        until_it_waits(given);
        EXPECT_EQ(thrown<std::runtime_error>([&] {
                      (void)get_as(kind, [&] {
                          return when_all(note_cancelled(ended), fail_after(1ms, "no"), given);
                      });
                  }),
                  "no");
        EXPECT_EQ(ended, 2);
        EXPECT_TRUE(given.was_cancelled()) << "a handle stands for its coroutine";
        EXPECT_EQ(weft::detail::this_scheduler().live(), 1u);
    });
}

TEST(when_all, begins_no_more_when_one_has_failed_at_once) {
    weft::run([] {
        bool begun = false;
        const auto note = [&begun]() -> task<int> {
            begun = true;
            co_return 1;
        };
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { (void)await(when_all(fail_at_once("first"), note())); }),
                  "first");
        EXPECT_FALSE(begun);
    });
}

TEST(when_all, begins_no_more_when_one_cancels_who_awaits) {
    weft::run([] {
        bool begun = false;
        join_handle<void> self;
        const auto cancel = [&self]() -> task<> {
            self.cancel();
            co_return;
        };
        const auto note = [&begun]() -> task<> {
            begun = true;
            co_return;
        };
        self = spawn([&]() -> task<> { co_await when_all(cancel(), note()); });
        await(self.join());
        EXPECT_TRUE(self.was_cancelled());
        EXPECT_FALSE(begun);
    });
}

TEST(when_all, runs_tasks_at_once_that_enter_scopes) {
    on_every_loop([] {
        const auto scoped = [](int n) -> task<int> {
            const auto body = [](weft::cancel_scope& s) -> task<> {
                s.cancel();
                co_await weft::yield_now();
            };
            (void)co_await weft::with_cancel(body);
            co_return co_await weft::with_timeout(1h, ready(n));
        };
        const auto [a, b, c] = await(when_all(scoped(1), scoped(2), ready(3)));
        EXPECT_EQ(std::tuple(a, b, c), std::tuple(1, 2, 3));
        EXPECT_EQ(weft::detail::this_scheduler().live(), 1u);
    });
}

TEST(when_all, throws_the_first_error_and_reports_the_others) {
    with_every_loop([](weft::options how) {
        collected_reports reports;
        const auto fail_when_cancelled = []() -> task<int> {
            try {
                co_await for_ever();
            } catch (const weft::cancelled&) {}
            throw std::runtime_error("while it ended");
        };
        weft::run(how.on_unhandled(reports.for_unhandled()), [&] {
            EXPECT_EQ(thrown<std::runtime_error>([&] {
                          (void)await(when_all(fail_when_cancelled(), fail_after(1ms, "first")));
                      }),
                      "first");
        });
        ASSERT_EQ(reports.count(), 1u);
        EXPECT_THAT(reports.all()[0], HasSubstr("while it ended"));
    });
}

TEST(when_all, cancels_and_joins_all_when_who_awaits_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        auto given = spawn(note_cancelled(ended));
        auto h = spawn_as(
            kind, [&] { return when_all(note_cancelled(ended), note_cancelled(ended), given); });
        until_it_waits(given);
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(ended, 3);
        EXPECT_EQ(weft::detail::this_scheduler().live(), 1u);
    });
}

TEST(when_all, gives_results_that_are_there_though_it_is_cancelled) {
    int given = 0;
    in_both_kinds([&given](coroutine_kind kind) {
        auto gate = spawn([] { await(for_ever()); });
        const auto wait_for_gate = [&]() -> task<int> {
            co_await gate.join();
            co_return 1;
        };
        auto h = spawn_as(kind, [&] { return when_all(wait_for_gate(), ready(2)); });
        until_it_waits(h);
        // It is cancelled in the turn in which the last of them becomes ready, or before.
        auto canceller = spawn([&] {
            await(gate.join());
            h.cancel();
        });
        until_it_waits(canceller);
        gate.cancel();
        await(h.join());
        await(canceller);
        if (h.successful()) {
            EXPECT_EQ(h.value(), std::tuple(1, 2));
            ++given;
        } else {
            EXPECT_TRUE(h.was_cancelled());
        }
    });
    EXPECT_GE(given, 2) << "they come first where the first to wait is the first to run";
}

TEST(when_all, begins_nothing_in_one_who_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        const weft::testing::captured_unhandled reports;
        bool begun = false;
        const auto note = [&begun]() -> task<> {
            begun = true;
            co_return;
        };
        auto h = spawn_as(kind, [&] { return when_all(note(), note()); });
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_FALSE(begun);
        EXPECT_THAT(reports.all(), ::testing::IsEmpty()) << "nobody forgot these tasks";
    });
}

TEST(when_all, fails_by_child_cancelled_when_somebody_cancels_a_handle) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        auto given = spawn(for_ever);
        auto h = spawn_as(kind, [&] { return when_all(given, note_cancelled(ended)); });
        until_it_waits(given);
        until_it_waits(h);
        given.cancel();
        EXPECT_THAT(thrown<child_cancelled>([&] { (void)await(h); }), HasSubstr("was cancelled"));
        EXPECT_EQ(ended, 1);
    });
}

TEST(when_all, ends_within_a_deadline) {
    on_every_loop([] {
        int ended = 0;
        EXPECT_THROW(
            (void)await(weft::with_timeout(2ms, when_all(note_cancelled(ended), after(1ms, 1)))),
            weft::timed_out);
        EXPECT_EQ(ended, 1);
    });
}

TEST(when_all, refuses_the_handle_of_who_awaits) {
    on_every_loop([] {
        join_handle<void> self;
        self = spawn([&] { await(when_all(self, sleep(1ms))); });
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(self); }), HasSubstr("its own handle"));
    });
}

TEST(when_all, reports_tasks_that_never_ran_when_nobody_awaits_it) {
    const weft::testing::captured_unhandled reports;
    { const auto dropped = when_all(ready(1), ready(2)); }
    EXPECT_EQ(reports.all().size(), 2u);
}

TEST(when_all, has_a_backtrace_through_the_task_that_failed) {
    on_every_loop([] {
        auto h = spawn([]() -> task<> { (void)co_await when_all(fail_after(1ms, "deep")); });
        await(h.join());
        const std::string text = weft::async_backtrace::of(h.error()).text();
        EXPECT_THAT(text, AllOf(HasSubstr("fail_after"), HasSubstr("when_all_test.cpp")));
    });
}

TEST(when_all, is_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        // What they get is the awaiter of a coroutine that was spawned.
        auto call = when_all(ready(1), after(1ms, 2));
        EXPECT_EQ(await(std::move(call).operator co_await()), std::tuple(1, 2));
    });
}

}  // namespace
