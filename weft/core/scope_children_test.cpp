#include "weft/core/scope_children.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/core/scope.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using weft::await;
using weft::cancelled;
using weft::join_handle;
using weft::scope;
using weft::sleep;
using weft::task;
using weft::with_scope;
using weft::testing::coroutine_kind;
using weft::testing::counted;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::simulation;
using weft::testing::spawn_as;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

using witness = counted<struct of_children>;

task<> live_a_little() {
    const witness w;
    co_await weft::yield_now();
    co_await sleep(1us);
}

TEST(scope_children, outlive_the_body) {
    in_both_kinds([](coroutine_kind kind) {
        bool body_ended = false;
        bool child_ended = false;
        const auto child = [&]() -> task<> {
            while (!body_ended) co_await weft::yield_now();
            co_await sleep(1us);
            child_ended = true;
        };
        const auto body = [&](scope& s) -> task<> {
            s.spawn(child);
            body_ended = true;
            co_return;
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_TRUE(child_ended);
    });
}

task<> breed(scope& s, int depth) {
    const witness w;
    co_await weft::yield_now();
    if (depth == 0) co_return;
    s.spawn(breed, std::ref(s), depth - 1);
    s.spawn([](scope& in, int d) { await(breed(in, d)); }, std::ref(s), depth - 1);
}

TEST(scope_children, spawn_into_their_scope_while_it_waits_at_its_end) {
    in_both_kinds([](coroutine_kind kind) {
        witness::reset();
        const auto body = [](scope& s) -> task<> {
            s.spawn(breed, std::ref(s), 6);
            co_return;
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(scope_children, spawn_into_their_scope_while_its_body_joins) {
    in_both_kinds([](coroutine_kind kind) {
        witness::reset();
        const auto body = [](scope& s) -> task<int> {
            s.spawn(breed, std::ref(s), 5);
            co_await s.join();
            EXPECT_EQ(s.size(), 0u);
            co_return witness::now.live;
        };
        EXPECT_EQ(get_as(kind, [&] { return with_scope(body); }), 0);
    });
}

// The owner is woken when the last child ends, and another coroutine may run before it does: here
// its joiner, since without an oracle the first comes first.
TEST(scope_children, spawned_by_a_stranger_when_the_last_one_has_ended_are_waited_for) {
    weft::run(weft::options().watchdog({}), [] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            witness::reset();
            bool spawned = false;
            const auto body = [&](scope& s) -> task<> {
                auto last = s.spawn(live_a_little);
                weft::spawn([last, &s, &spawned] {
                    await(last.join());
                    s.spawn(live_a_little);
                    spawned = true;
                }).detach();
                co_return;
            };
            get_as(kind, [&] { return with_scope(body); });
            EXPECT_TRUE(spawned);
            EXPECT_EQ(witness::now.live, 0);
        }
    });
}

TEST(scope_children, are_joined_once_more_after_others_were_spawned) {
    in_both_kinds([](coroutine_kind kind) {
        int rounds = 0;
        const auto body = [&](scope& s) -> task<> {
            co_await s.join();  // of none
            for (int i = 0; i < 3; ++i) {
                for (int j = 0; j < 3; ++j) s.spawn(live_a_little);
                co_await s.join();
                EXPECT_EQ(s.size(), 0u);
                ++rounds;
            }
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_EQ(rounds, 3);
    });
}

TEST(scope_children, are_joined_by_several_at_once) {
    in_both_kinds([](coroutine_kind kind) {
        int joined = 0;
        const auto body = [&](scope& s) -> task<> {
            const auto wait = [&s, &joined]() -> task<> {
                co_await s.join();
                ++joined;
            };
            auto one = spawn_as(kind, wait);
            auto two = spawn_as(kind, wait);
            auto three = spawn_as(kind, wait);
            s.spawn([] { await(sleep(1ms)); });
            co_await weft::yield_now();
            three.cancel();
            co_await one;
            co_await two;
            co_await three.join();
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_GE(joined, 2);
    });
}

TEST(scope_children, that_are_waited_for_can_be_waited_for_with_a_deadline) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [&](scope& s) -> task<int> {
            s.spawn([] { await(for_ever()); });
            int late = 0;
            try {
                co_await weft::with_timeout(1ms, s.join());
            } catch (const weft::timed_out&) {
                ++late;
            }
            s.cancel();
            co_return late;
        };
        EXPECT_EQ(get_as(kind, [&] { return with_scope(body); }), 1);
    });
}

TEST(scope_children, have_handles_like_any_other) {
    in_both_kinds([](coroutine_kind kind) {
        join_handle<int> kept;
        const auto five = []() -> task<int> {
            co_await weft::yield_now();
            co_return 5;
        };
        const auto body = [&](scope& s) -> task<int> {
            kept = s.spawn(five);
            auto fiber = s.spawn([] { return 6; });
            auto sum = s.spawn([](int a, int b) -> task<int> { co_return a + b; }, 3, 4);
            const int a = co_await kept;
            const int b = co_await fiber;
            const int c = co_await sum;
            co_return a + b + c;
        };
        EXPECT_EQ(get_as(kind, [&] { return with_scope(body); }), 18);
        EXPECT_EQ(await(kept), 5);
    });
}

TEST(scope_children, of_a_cancelled_scope_are_cancelled_at_their_first_await) {
    in_both_kinds([](coroutine_kind kind) {
        int began = 0;
        int passed = 0;
        const auto child = [&]() -> task<> {
            ++began;
            co_await weft::yield_now();
            ++passed;
        };
        const auto body = [&](scope& s) -> task<> {
            s.cancel();
            s.spawn(child);
            s.spawn([&] { await(child()); });
            co_return;
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_EQ(began, 2);
        EXPECT_EQ(passed, 0);
    });
}

TEST(scope_children, are_thousands) {
    simulation(7).run([] {
        witness::reset();
        const auto body = [](scope& s) -> task<> {
            for (int i = 0; i < 3000; ++i) {
                s.spawn(live_a_little);
                s.spawn([] { await(live_a_little()); });
            }
            co_await s.join();
            EXPECT_EQ(witness::now.live, 0);
            const auto wait = []() -> task<> {
                const witness w;
                co_await for_ever();
            };
            for (int i = 0; i < 5000; ++i) s.spawn(wait);
            while (witness::now.live < 5000) co_await weft::yield_now();
            s.cancel();
        };
        await(with_scope(body));
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(scope_children, that_fail_one_after_the_other_are_all_told_of) {
    in_both_kinds([](coroutine_kind kind) {
        const auto fails = []() -> task<> {
            try {
                co_await for_ever();
            } catch (const cancelled&) {}
            throw std::runtime_error("one of many");
        };
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 100; ++i) s.spawn(fails);
            co_await weft::yield_now();
            throw std::runtime_error("the first");
        };
        std::size_t count = 0;
        try {
            get_as(kind, [&] { return with_scope(body); });
        } catch (const weft::exception_group& g) {
            count = g.errors().size();
        }
        EXPECT_EQ(count, 101u);
    });
}

}  // namespace
