#include "weft/base/counted_test.hpp"
#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/spawn_later.hpp"

#include <chrono>
#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using weft::await;
using weft::join_handle;
using weft::options;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::yield_now;
using weft::testing::captured_unhandled;
using weft::testing::collected_reports;
using weft::testing::coroutine_kind;
using weft::testing::counted;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::with_every_loop;

task<int> number(int n) {
    co_await yield_now();
    co_return n;
}
task<> fail(std::string text) {
    co_await yield_now();
    throw std::runtime_error(text);
}

struct by_join;
using counter = counted<by_join>;
task<counter> make_counter(int n) {
    co_await yield_now();
    co_return counter(n);
}

/// Sleeps, since in a simulated world no time passes while somebody yields.
template <class Is>
void sleep_until_it_is(Is is) {
    while (!is()) await(sleep(1ms));
}

TEST(join, wakes_all_joiners_in_the_order_in_which_they_wait) {
    std::vector<int> log;
    weft::run(options().watchdog({}), [&] {
        auto one = spawn([] { await(sleep(2ms)); });
        std::vector<join_handle<void>> joiners;
        for (int i = 0; i < 5; ++i) {
            const auto join_one = [one] { return one.join(); };
            joiners.push_back(
                spawn_as(i % 2 == 0 ? coroutine_kind::task : coroutine_kind::fiber, join_one));
            joiners.back().link([&log, i](const auto&) { log.push_back(i); });
        }
        for (const auto& h : joiners) await(h);
        await(yield_now());
    });
    EXPECT_THAT(log, ElementsAre(0, 1, 2, 3, 4));
}

TEST(join, gives_each_of_several_joiners_the_result) {
    in_both_kinds([](coroutine_kind kind) {
        const auto one = spawn(number(5));
        std::vector<join_handle<int>> joiners;
        for (int i = 0; i < 10; ++i) joiners.push_back(spawn_as(kind, [one] { return one.get(); }));
        for (const auto& h : joiners) EXPECT_EQ(await(h), 5);
        EXPECT_EQ(await(one), 5);
    });
}

TEST(join, gives_each_of_several_joiners_the_error) {
    in_both_kinds([](coroutine_kind kind) {
        const auto one = spawn(fail("shared"));
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(
                thrown<std::runtime_error>([&] { get_as(kind, [one] { return one.get(); }); }),
                "shared");
    });
}

TEST(join, of_one_that_has_ended_does_not_suspend) {
    on_every_loop([] {
        const auto one = spawn(number(5));
        await(one.join());
        EXPECT_TRUE(one.ready());
        bool others_ran = false;
        auto other = spawn([&] { others_ran = true; });
        EXPECT_EQ(await(one), 5);
        EXPECT_EQ(await(one.get()), 5);
        EXPECT_FALSE(others_ran);
        await(other);
    });
}

TEST(join, that_is_given_up_leaves_the_other_joiners) {
    on_every_loop([] {
        const auto one = spawn([] { await(sleep(24h)); });
        auto a = spawn([one] { await(one.join()); });
        auto b = spawn([one] { await(one.join()); });
        auto c = spawn([one] { await(one.join()); });
        for (const auto& h : {a, b, c}) weft::testing::until_it_waits(h);
        b.cancel();
        await(b.join());
        EXPECT_TRUE(b.was_cancelled());
        EXPECT_FALSE(a.ready());
        one.cancel();
        await(a);
        await(c);
    });
}

task<> join_myself(const std::optional<join_handle<void>>& self) {
    co_await self->join();
}

TEST(join, refuses_a_coroutine_its_own_handle) {
    on_every_loop([] {
        std::optional<join_handle<void>> self;
        self = spawn(join_myself(self));
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(*self); }),
                    AllOf(HasSubstr("its own handle"), HasSubstr("let another one join it")));
        self = spawn([&] { await(*self); });
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(self->get()); }), HasSubstr("its own"));
        self = spawn([&] { await(join_myself(self)); });
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(self->get()); }), HasSubstr("its own"));
        self.reset();
    });
}

TEST(join, of_one_that_was_cancelled_throws_child_cancelled_with_who_and_where) {
    in_both_kinds([](coroutine_kind kind) {
        auto one = spawn([] { await(sleep(24h)); });
        one.cancel();
        const std::string text =
            thrown<weft::child_cancelled>([&] { get_as(kind, [one] { return one.get(); }); });
        EXPECT_THAT(text,
                    AllOf(HasSubstr("cancelled by coroutine"), HasSubstr("spawn_join_test.cpp")));
    });
}

TEST(join_handle, tells_how_it_ended) {
    on_every_loop([] {
        const auto good = spawn(number(1));
        const auto bad = spawn(fail("bad"));
        const auto gone = spawn([] { await(sleep(24h)); });
        EXPECT_FALSE(good.ready());
        EXPECT_FALSE(good.successful());
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(good.value()); }),
                    HasSubstr("has not ended"));
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(good.error()); }),
                    HasSubstr("has not ended"));
        gone.cancel();
        for (const weft::detail::any_handle& h :
             std::vector<weft::detail::any_handle>{good, bad, gone})
            await(weft::detail::end_awaiter(h));
        EXPECT_TRUE(good.ready() && bad.ready() && gone.ready());
        EXPECT_TRUE(good.successful());
        EXPECT_FALSE(bad.successful() || gone.successful());
        EXPECT_TRUE(gone.was_cancelled());
        EXPECT_FALSE(good.was_cancelled() || bad.was_cancelled());
        EXPECT_EQ(good.value(), 1);
        EXPECT_EQ(good.error(), nullptr);
        EXPECT_EQ(thrown<std::runtime_error>([&] { bad.value(); }), "bad");
        EXPECT_EQ(thrown<std::runtime_error>([&] { std::rethrow_exception(bad.error()); }), "bad");
        EXPECT_THAT(thrown<weft::child_cancelled>([&] { std::rethrow_exception(gone.error()); }),
                    HasSubstr("cancelled"));
    });
}

TEST(join_handle, that_is_empty_refuses_everything) {
    on_every_loop([] {
        join_handle<int> empty;
        auto moved = spawn(number(1));
        auto other = std::move(moved);
        EXPECT_FALSE(empty);
        EXPECT_FALSE(moved);  // NOLINT(bugprone-use-after-move)
        EXPECT_TRUE(other);
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(empty); }), HasSubstr("empty"));
        EXPECT_THAT(thrown<weft::usage_error>([&] { empty.cancel(); }), HasSubstr("empty"));
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(empty.ready()); }),
                    HasSubstr("moved from, detached, or never set"));
        other.detach();
        EXPECT_FALSE(other);
    });
}

TEST(join_handle, can_be_copied_and_all_copies_are_the_same_coroutine) {
    on_every_loop([] {
        auto a = spawn(number(1));
        const auto b = a;
        join_handle<int> c;
        c = b;
        EXPECT_EQ(a.id(), c.id());
        a.detach();
        EXPECT_EQ(await(c), 1);
        EXPECT_EQ(b.value(), 1);
        const auto other = spawn(number(2));
        EXPECT_NE(other.id(), b.id());
        EXPECT_EQ(await(other), 2);
    });
}

TEST(join_handle, that_is_dropped_detaches) {
    on_every_loop([] {
        bool ended = false;
        static_cast<void>(spawn([&] {
            await(sleep(1ms));
            ended = true;
        }));
        EXPECT_FALSE(ended);
        sleep_until_it_is([&] { return ended; });
    });
}

TEST(join_handle, has_a_name_that_errors_use) {
    on_every_loop([] {
        auto h = spawn(number(1)).name("reader");
        EXPECT_EQ(h.name(), "reader");
        h.name(std::string("writer ") + "2");
        EXPECT_EQ(h.name(), "writer 2");
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(h.value()); }),
                    AllOf(HasSubstr("'writer 2'"), HasSubstr("spawn_join_test.cpp")));
        EXPECT_EQ(await(h), 1);
        EXPECT_EQ(h.name(), "writer 2");
        EXPECT_EQ(spawn(number(1)).name(), "");
    });
}

TEST(join_handle, gives_a_move_only_result_once) {
    in_both_kinds([](coroutine_kind kind) {
        const auto h = spawn([] { return std::make_unique<int>(3); });
        await(h.join());
        EXPECT_EQ(*h.value(), 3);
        EXPECT_EQ(*get_as(kind, [h] { return h.get(); }), 3);
        EXPECT_THAT(thrown<weft::usage_error>([&] { get_as(kind, [h] { return h.get(); }); }),
                    AllOf(HasSubstr("moved out already"), HasSubstr("join once")));
        EXPECT_THROW(static_cast<void>(h.value()), weft::usage_error);
    });
}

struct small_and_move_only {
    small_and_move_only() = default;
    explicit small_and_move_only(int v) : value(v) {}
    small_and_move_only(small_and_move_only&&) = default;
    small_and_move_only(const small_and_move_only&) = delete;
    small_and_move_only& operator=(small_and_move_only&&) = default;
    int value = 0;
};

TEST(join_handle, gives_a_move_only_result_that_fits_a_word_once) {
    on_every_loop([] {
        const auto h = spawn([] { return small_and_move_only(3); });
        EXPECT_EQ(await(h).value, 3);
        EXPECT_THROW(static_cast<void>(await(h)), weft::usage_error);
    });
}

TEST(join_handle, moves_the_result_to_the_last_one_and_destroys_it_once) {
    in_both_kinds([](coroutine_kind kind) {
        counter::reset();
        EXPECT_EQ(get_as(kind, [] { return spawn(make_counter(1)); }).value, 1);
        EXPECT_EQ(counter::now.copies, 0);
        EXPECT_EQ(counter::now.live, 0);
        {
            auto h = spawn(make_counter(2));
            const auto copy = h;
            EXPECT_EQ(await(h).value, 2);
            EXPECT_EQ(counter::now.copies, 1);
            EXPECT_EQ(counter::now.live, 1);
            EXPECT_EQ(copy.value().value, 2);
        }
        EXPECT_EQ(counter::now.live, 0);
        spawn(make_counter(3)).detach();
        await(sleep(1ms));
        EXPECT_EQ(counter::now.live, 0);
    });
}

TEST(link, is_called_by_the_loop_with_the_handle_after_the_end) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<int> got;
        auto h = spawn_as(kind, [] { return number(5); });
        h.link([&](const join_handle<int>& ended) { got.push_back(ended.value()); });
        h.link([&](join_handle<int> ended) { got.push_back(ended.value() + 1); });
        h.detach();
        EXPECT_THAT(got, IsEmpty());
        sleep_until_it_is([&] { return got.size() == 2; });
        EXPECT_THAT(got, ElementsAre(5, 6));
    });
}

TEST(link, after_the_end_is_called_soon_and_not_at_once) {
    on_every_loop([] {
        int got = 0;
        const auto h = spawn(number(5));
        await(h);
        h.link([&](const join_handle<int>& ended) { got = ended.value(); });
        EXPECT_EQ(got, 0);
        sleep_until_it_is([&] { return got != 0; });
        EXPECT_EQ(got, 5);
    });
}

TEST(link, that_throws_is_reported_and_loses_nothing) {
    on_every_loop([] {
        const captured_unhandled reports;
        counter::reset();
        int called = 0;
        {
            const auto h = spawn(make_counter(1));
            h.link([](const auto&) { throw std::runtime_error("of a callback"); });
            h.link([&](const auto&) { ++called; });
        }
        sleep_until_it_is([&] { return called == 1; });
        EXPECT_THAT(reports.all(), ElementsAre(HasSubstr("of a callback")));
        EXPECT_EQ(counter::now.live, 0) << "its last handle is gone";
    });
}

TEST(link, may_spawn) {
    on_every_loop([] {
        int got = 0;
        const auto h = spawn(number(5));
        h.link([&](const join_handle<int>&) {
            spawn([&] {
                await(sleep(1ms));
                got = 1;
            }).detach();
        });
        sleep_until_it_is([&] { return got != 0; });
    });
}

TEST(spawn_later, begins_when_the_time_has_come) {
    on_every_loop([] {
        const auto before = weft::clock::now();
        weft::clock::time_point began{};
        auto a = weft::spawn_later(5ms, [&] { began = weft::clock::now(); });
        auto b = weft::spawn_later(2ms, number, 4);
        auto c = weft::spawn_later(1ms, number(5));
        auto d = weft::spawn_later(1ms, [](int x, int y) { return x + y; }, 1, 2);
        EXPECT_EQ(await(b) + await(c) + await(d), 12);
        await(a);
        EXPECT_GE(began - before, 5ms);
    });
}

TEST(spawn_later, that_is_cancelled_before_never_begins_and_is_not_called_forgotten) {
    on_every_loop([] {
        const captured_unhandled reports;
        bool began = false;
        auto a = weft::spawn_later(24h, [&] { began = true; });
        auto b = weft::spawn_later(24h, number(5));
        auto c = weft::spawn_later(24h, number, 5);
        for (const auto& h : std::vector<weft::detail::any_handle>{a, b, c}) {
            weft::testing::until_it_waits(h);
            h.cancel();
        }
        await(a.join());
        await(b.join());
        await(c.join());
        EXPECT_TRUE(a.was_cancelled() && b.was_cancelled() && c.was_cancelled());
        EXPECT_FALSE(began);
        EXPECT_THAT(reports.all(), IsEmpty());
    });
}

TEST(spawn, outside_of_a_loop_is_a_usage_error_and_leaks_nothing) {
    counter::reset();
    EXPECT_THAT(thrown<weft::usage_error>([] { spawn([] {}).detach(); }),
                AllOf(HasSubstr("spawn()"), HasSubstr("weft::run")));
    EXPECT_THROW(spawn([kept = counter(1)] {}).detach(), weft::usage_error);
    EXPECT_THROW(spawn(number(1)).detach(), weft::usage_error);
    EXPECT_THROW(static_cast<void>(weft::spawn_later(1ms, number(1))), weft::usage_error);
    EXPECT_EQ(counter::now.live, 0);
}

}  // namespace
