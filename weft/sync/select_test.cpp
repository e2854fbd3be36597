#include "weft/sync/select.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/sync/channel.hpp"
#include "weft/sync/lifo_channel.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using weft::await;
using weft::channel;
using weft::try_select;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

using ints = channel<int>;
using words = channel<std::string>;

weft::task<std::size_t> pick_task(ints& a, words& b, ints& to, int item, std::string& log) {
    auto happened = co_await weft::select(a.receive(), b.receive(), to.send(item));
    if (auto* number = std::get_if<0>(&happened)) log = std::to_string(number->value_or(-1));
    if (auto* word = std::get_if<1>(&happened)) log = word->value_or("closed");
    co_await weft::yield_now();
    co_return happened.index();
}
std::size_t pick_fiber(ints& a, words& b, ints& to, int item, std::string& log) {
    auto happened = await(weft::select(a.receive(), b.receive(), to.send(item)));
    if (auto* number = std::get_if<0>(&happened)) log = std::to_string(number->value_or(-1));
    if (auto* word = std::get_if<1>(&happened)) log = word->value_or("closed");
    await(weft::yield_now());
    return happened.index();
}

struct table {
    ints a;
    words b;
    ints to;
    std::string log;

    weft::join_handle<std::size_t> pick(coroutine_kind kind) {
        if (kind == coroutine_kind::task) return weft::spawn(pick_task(a, b, to, 7, log));
        return weft::spawn([this] { return pick_fiber(a, b, to, 7, log); });
    }
    void expect_nobody() const {
        EXPECT_EQ(a.statistics().receivers() + b.statistics().receivers(), 0u);
        EXPECT_EQ(to.statistics().senders(), 0u);
    }
};

TEST(select, waits_for_the_first_branch_and_leaves_the_others_undone) {
    in_both_kinds([](coroutine_kind kind) {
        table t;
        auto picked = t.pick(kind);
        until_it_waits(picked);
        EXPECT_EQ(t.a.statistics().receivers(), 1u);
        EXPECT_TRUE(t.a.try_send(5));
        t.expect_nobody();
        EXPECT_FALSE(t.b.try_send("too late"));
        EXPECT_EQ(t.to.try_receive(), std::nullopt);
        EXPECT_EQ(await(picked), 0u);
        EXPECT_EQ(t.log, "5");

        picked = t.pick(kind);
        until_it_waits(picked);
        EXPECT_TRUE(t.b.try_send("word"));
        EXPECT_FALSE(t.a.try_send(5));
        EXPECT_EQ(await(picked), 1u);
        EXPECT_EQ(t.log, "word");

        picked = t.pick(kind);
        until_it_waits(picked);
        EXPECT_EQ(t.to.try_receive(), 7);
        EXPECT_FALSE(t.a.try_send(5));
        EXPECT_EQ(await(picked), 2u);
        t.expect_nobody();
    });
}

TEST(select, gives_what_it_was_served_when_it_is_cancelled_before_it_runs) {
    in_both_kinds([](coroutine_kind kind) {
        table t;
        auto picked = t.pick(kind);
        until_it_waits(picked);
        EXPECT_TRUE(t.b.try_send("kept"));
        picked.cancel();
        EXPECT_THROW(await(picked), weft::child_cancelled);
        EXPECT_EQ(t.log, "kept");

        picked = t.pick(kind);
        until_it_waits(picked);
        picked.cancel();
        t.expect_nobody();
        EXPECT_FALSE(t.a.try_send(1));
        EXPECT_THROW(await(picked), weft::child_cancelled);
    });
}

weft::task<> try_for_a_while_task(channel<std::unique_ptr<int>>& a, ints& b,
                                  std::unique_ptr<int>& item) {
    static_cast<void>(
        co_await weft::with_timeout(1ms, weft::select(a.send(std::move(item)), b.receive())));
}
void try_for_a_while_fiber(channel<std::unique_ptr<int>>& a, ints& b, std::unique_ptr<int>& item) {
    static_cast<void>(
        await(weft::with_timeout(1ms, weft::select(a.send(std::move(item)), b.receive()))));
}

TEST(select, ends_by_a_timeout_and_loses_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        channel<std::unique_ptr<int>> a;
        ints b;
        auto item = std::make_unique<int>(1);
        if (kind == coroutine_kind::task)
            EXPECT_THROW(await(try_for_a_while_task(a, b, item)), weft::timed_out);
        else
            EXPECT_THROW(try_for_a_while_fiber(a, b, item), weft::timed_out);
        EXPECT_NE(item, nullptr);
        EXPECT_EQ(a.statistics().senders(), 0u);
        EXPECT_EQ(b.statistics().receivers(), 0u);
    });
}

TEST(select, takes_a_closed_channel_for_possible) {
    in_both_kinds([](coroutine_kind kind) {
        table t;
        auto picked = t.pick(kind);
        until_it_waits(picked);
        t.b.close();
        EXPECT_EQ(await(picked), 1u);
        EXPECT_EQ(t.log, "closed");
        EXPECT_EQ(await(t.pick(kind)), 1u);

        table u;
        picked = u.pick(kind);
        until_it_waits(picked);
        u.to.close();
        EXPECT_THROW(await(picked), weft::channel_closed);
        EXPECT_THROW(await(u.pick(kind)), weft::channel_closed);
        u.expect_nobody();
    });
}

TEST(select, is_told_when_a_channel_is_destroyed) {
    in_both_kinds([](coroutine_kind kind) {
        auto t = std::make_unique<table>();
        auto picked = t->pick(kind);
        until_it_waits(picked);
        t.reset();
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(picked); }),
                    HasSubstr("the channel was destroyed"));
    });
}

TEST(select, does_not_meet_itself) {
    in_both_kinds([](coroutine_kind kind) {
        ints c;
        const auto both = [&c, kind](int item) {
            if (kind == coroutine_kind::task)
                return weft::spawn(
                    [](ints& on, int sent) -> weft::task<std::size_t> {
                        auto r = co_await weft::select(on.receive(), on.send(sent));
                        co_return r.index();
                    },
                    std::ref(c), item);
            return weft::spawn(
                [](ints& on, int sent) {
                    return await(weft::select(on.receive(), on.send(sent))).index();
                },
                std::ref(c), item);
        };
        auto first = both(1);
        until_it_waits(first);
        EXPECT_FALSE(first.ready());
        auto second = both(2);  // one receives what the other sends
        EXPECT_EQ(await(first) + await(second), 1u);
        EXPECT_EQ(c.statistics().senders() + c.statistics().receivers(), 0u);
        EXPECT_EQ(c.statistics().received(), 1u);
    });
}

TEST(select, without_waiting_does_what_is_possible_now) {
    ints a(1);
    weft::lifo_channel<int> b(1);
    EXPECT_FALSE(try_select(a.receive(), b.receive()));
    EXPECT_TRUE(try_select(a.receive(), b.send(4)));
    auto happened = try_select(a.receive(), b.receive());
    ASSERT_TRUE(happened);
    EXPECT_EQ(std::get<1>(*happened), 4);
    EXPECT_FALSE(try_select(b.receive()));
    a.close();
    EXPECT_EQ(std::get<0>(try_select(a.receive()).value()), std::nullopt);
    EXPECT_THROW((void)try_select(b.receive(), a.send(1)), weft::channel_closed);
}

TEST(select, starves_no_branch) {
    ints a(1);
    ints b(1);
    ints c(1);
    std::array<int, 3> times{};
    for (int i = 0; i < 3'000; ++i) {
        for (ints* full : {&a, &b, &c}) static_cast<void>(full->try_send(i));
        ++times.at(try_select(a.receive(), b.receive(), c.receive())->index());
    }
    for (const int n : times) EXPECT_NEAR(n, 1'000, 200);
}

/// Everybody sends and receives at once, wherever it is possible.
TEST(select, loses_and_doubles_nothing_among_many) {
    in_both_kinds([](coroutine_kind kind) {
        constexpr int workers = 6;
        constexpr int rounds = 40;
        ints left;
        ints right(2);
        std::vector<int> seen(workers * rounds);
        int sent = 0;
        const auto deal = [&](auto& happened, int& item, int last) {
            for (auto* got : {std::get_if<0>(&happened), std::get_if<1>(&happened)})
                if (got != nullptr && *got) ++seen[static_cast<std::size_t>(**got)];
            if (happened.index() >= 2) {
                ++sent;
                ++item;
            }
            return item < last;
        };
        const auto as_task = [&](int item, int last) -> weft::task<> {
            for (bool more = true; more;) {
                auto happened = co_await weft::select(left.receive(), right.receive(),
                                                      left.send(item), right.send(item));
                more = deal(happened, item, last);
            }
        };
        const auto as_fiber = [&](int item, int last) {
            for (bool more = true; more;) {
                auto happened = await(weft::select(left.receive(), right.receive(), left.send(item),
                                                   right.send(item)));
                more = deal(happened, item, last);
            }
        };
        std::vector<weft::join_handle<void>> all;
        for (int w = 0; w < workers; ++w) {
            const int first = w * rounds;
            if (kind == coroutine_kind::task)
                all.push_back(weft::spawn(std::ref(as_task), first, first + rounds));
            else
                all.push_back(weft::spawn(std::ref(as_fiber), first, first + rounds));
        }
        // The last one may find nobody left: whoever remains drains.
        for (;;) {
            bool done = true;
            for (auto& h : all) done = done && h.ready();
            if (auto item = left.try_receive()) ++seen[static_cast<std::size_t>(*item)];
            if (auto item = right.try_receive()) ++seen[static_cast<std::size_t>(*item)];
            if (done && right.empty()) break;
            await(weft::yield_now());
        }
        EXPECT_EQ(sent, workers * rounds);
        for (const int times : seen) ASSERT_EQ(times, 1);
    });
}

}  // namespace
