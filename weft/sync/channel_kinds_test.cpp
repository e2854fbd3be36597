// Channels of other orders, items that are hard to move, and what is counted.

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/sync/channel.hpp"
#include "weft/sync/joinable.hpp"
#include "weft/sync/lifo_channel.hpp"
#include "weft/sync/priority_channel.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::channel;
using weft::joinable;
using weft::lifo_channel;
using weft::priority_channel;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

template <class Channel>
std::vector<typename Channel::value_type> drained(Channel& c) {
    std::vector<typename Channel::value_type> all;
    while (auto item = c.try_receive()) all.push_back(std::move(*item));
    return all;
}

TEST(lifo_channel, gives_what_was_sent_last) {
    in_both_kinds([](coroutine_kind kind) {
        lifo_channel<int> c(3);
        for (int i = 0; i < 3; ++i) await(spawn_as(kind, [&c, i] { return c.send(i); }));
        auto late = spawn_as(kind, [&c] { return c.send(3); });
        until_it_waits(late);
        EXPECT_EQ(await(spawn_as(kind, [&c] { return c.receive(); })), 2);
        await(late);
        EXPECT_THAT(drained(c), ElementsAre(3, 1, 0));
        auto receiver = spawn_as(kind, [&c] { return c.receive(); });
        until_it_waits(receiver);
        EXPECT_TRUE(c.try_send(4));
        EXPECT_EQ(await(receiver), 4);
    });
    EXPECT_THAT(thrown<weft::usage_error>([] { lifo_channel<int> none(0); }),
                HasSubstr("lifo_channel: its capacity is 0"));
}

/// What is compared is the number; the name tells equals apart.
struct job {
    job(int n, std::string w) : number(n), what(std::move(w)) {}
    int number;
    std::string what;
};
struct by_number {
    bool operator()(const job& a, const job& b) const { return a.number < b.number; }
};

TEST(priority_channel, gives_the_least_first_and_equals_in_their_order) {
    in_both_kinds([](coroutine_kind kind) {
        priority_channel<job, by_number> c(6);
        const auto send = [&](int n, const char* what) {
            return spawn_as(kind, [&c, one = job(n, what)] { return c.send(one); });
        };
        for (const auto& [n, what] : {std::pair(2, "c"), {1, "a"}, {3, "f"}, {2, "d"}, {1, "b"}})
            await(send(n, what));
        await(send(2, "e"));
        auto waits = send(0, "first");
        until_it_waits(waits);
        std::string order;
        while (auto next = c.try_receive()) order += next->what;
        EXPECT_EQ(order, "afirstbcdef");
        await(waits);
    });
    EXPECT_THAT(thrown<weft::usage_error>([] { priority_channel<int> none(0); }),
                HasSubstr("priority_channel: its capacity is 0"));
}

TEST(priority_channel, keeps_the_order_of_equals_among_many) {
    for (const std::uint64_t seed : weft::testing::seeds(20)) {
        weft::testing::seeded_oracle random(seed);
        priority_channel<job, by_number> c;
        std::vector<job> expected;
        for (int i = 0; i < 200; ++i) {
            const job one(static_cast<int>(random.choose(weft::choice::ready, 30)),
                          std::to_string(i));
            EXPECT_TRUE(c.try_send(one));
            expected.push_back(one);
        }
        std::ranges::sort(expected, {},
                          [](const job& j) { return std::pair(j.number, std::stoi(j.what)); });
        for (const job& e : expected) ASSERT_EQ(c.try_receive()->what, e.what);
        EXPECT_TRUE(c.empty());
    }
}

/// Moves throw when they are told to.
struct brittle {
    static inline int fail_in = 0;  ///< the move that throws, counted from now
    static inline int live = 0;
    static void count() {
        if (fail_in > 0 && --fail_in == 0) throw std::runtime_error("a move failed");
    }
    explicit brittle(int v) : value(v) { ++live; }
    brittle(brittle&& other) noexcept(false) : value(other.value) {
        count();
        other.value = -1;
        ++live;
    }
    brittle& operator=(brittle&&) = delete;
    ~brittle() { --live; }
    friend bool operator<(const brittle& a, const brittle& b) {
        count();
        return a.value < b.value;
    }
    int value;
};

/// Each move, and each comparison, fails once: nothing is lost and nothing comes twice.
template <class Channel>
void fail_everywhere(std::size_t capacity) {
    int failures = 0;
    for (int at = 1;; ++at) {
        Channel c(capacity);
        std::vector<int> got;
        brittle::fail_in = at;
        for (int n : {3, 1, 2, 5, 4}) {
            brittle item(n);
            for (bool sent = false; !sent;) {
                try {
                    sent = c.try_send(std::move(item));
                    EXPECT_TRUE(sent);
                } catch (const std::runtime_error&) {
                    ++failures;
                    EXPECT_EQ(item.value, n) << "the item is still its sender's";
                }
            }
        }
        const std::size_t before = c.size();
        EXPECT_EQ(before, 5u);
        while (!c.empty()) {
            try {
                const auto item = c.try_receive();
                got.push_back(item->value);
            } catch (const std::runtime_error&) {
                ++failures;
            }
        }
        const bool over = brittle::fail_in > 0;
        brittle::fail_in = 0;
        std::ranges::sort(got);
        EXPECT_THAT(got, ElementsAre(1, 2, 3, 4, 5));
        if (over || ::testing::Test::HasFailure()) break;
    }
    EXPECT_GE(failures, 5);
    EXPECT_EQ(brittle::live, 0);
}

TEST(channel, loses_nothing_when_a_move_throws) {
    fail_everywhere<channel<brittle>>(5);
    fail_everywhere<channel<brittle>>(weft::unbounded);
    fail_everywhere<lifo_channel<brittle>>(weft::unbounded);
    fail_everywhere<priority_channel<brittle>>(weft::unbounded);
}

TEST(channel, tells_the_one_who_moves_when_a_move_throws) {
    in_both_kinds([](coroutine_kind kind) {
        channel<brittle> c(1);
        brittle one(1);
        brittle two(2);
        brittle three(3);
        const auto send = [&](brittle& item) {
            return spawn_as(kind, [&c, &item] { return c.send(std::move(item)); });
        };
        await(send(one));
        auto second = send(two);
        until_it_waits(second);
        auto third = send(three);
        until_it_waits(third);
        brittle::fail_in = 2;  // the first one comes out, the second does not get in
        EXPECT_EQ(await(c.receive())->value, 1);
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(second); }), "a move failed");
        EXPECT_EQ(two.value, 2);
        await(third);
        EXPECT_EQ(c.try_receive()->value, 3);

        auto receiver = spawn_as(kind, [&c]() -> weft::task<int> {
            const auto item = co_await c.receive();
            co_return item->value;
        });
        until_it_waits(receiver);
        brittle::fail_in = 1;  // from hand to hand: the sender is told, the receiver still waits
        EXPECT_THROW(await(send(two)), std::runtime_error);
        EXPECT_EQ(c.statistics().receivers(), 1u);
        await(send(two));
        EXPECT_EQ(await(receiver), 2);
    });
    EXPECT_EQ(brittle::live, 0);
}

TEST(channel, destroys_what_is_left_in_it) {
    using counter = weft::testing::counted<struct left_in_a_channel>;
    counter::reset();
    {
        channel<counter> bounded(3);
        channel<counter> endless(weft::unbounded);
        lifo_channel<counter> lifo;
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(bounded.try_send(counter(i)));
        EXPECT_TRUE(bounded.try_receive());
        EXPECT_TRUE(bounded.try_send(counter(3)));
        for (int i = 0; i < 1'000; ++i)
            EXPECT_TRUE(endless.try_send(counter(i)) && lifo.try_send(counter(i)));
        for (int i = 0; i < 300; ++i) EXPECT_EQ(endless.try_receive()->value, i);
        EXPECT_EQ(counter::now.live, 3 + 700 + 1'000);
        EXPECT_EQ(counter::now.copies, 0);
    }
    EXPECT_EQ(counter::now.live, 0);
}

TEST(channel, grows_and_shrinks_in_any_rhythm) {
    for (const std::uint64_t seed : weft::testing::seeds(20)) {
        weft::testing::seeded_oracle random(seed);
        for (const std::size_t capacity :
             {std::size_t{1}, std::size_t{2}, std::size_t{7}, weft::unbounded}) {
            channel<std::uint64_t> c(capacity);
            std::uint64_t in = 0;
            std::uint64_t out = 0;
            for (int burst = 0; burst < 60; ++burst) {
                for (auto n = random.choose(weft::choice::ready, 200); n > 0; --n)
                    if (c.try_send(in)) ++in;
                for (auto n = random.choose(weft::choice::ready, 200); n > 0; --n)
                    if (auto item = c.try_receive()) {
                        ASSERT_EQ(*item, out);
                        ++out;
                    }
                ASSERT_EQ(c.size(), in - out);
            }
        }
    }
}

TEST(joinable, waits_until_all_items_are_done) {
    in_both_kinds([](coroutine_kind kind) {
        joinable<channel<int>> jobs(weft::unbounded);
        await(spawn_as(kind, [&] { return jobs.join(); }));  // nothing is unfinished
        EXPECT_TRUE(jobs.try_send(1) && jobs.try_send(2));
        auto joiner = spawn_as(kind, [&] { return jobs.join(); });
        auto second = spawn_as(kind, [&] { return jobs.join(); });
        until_it_waits(joiner);
        until_it_waits(second);
        EXPECT_TRUE(jobs.try_receive() && jobs.try_receive());
        EXPECT_EQ(jobs.unfinished(), 2u);
        jobs.task_done();
        EXPECT_NE(joiner.block().wait, nullptr);
        jobs.task_done();
        await(joiner);
        await(second);
        EXPECT_EQ(jobs.unfinished(), 0u);
        EXPECT_THAT(thrown<weft::usage_error>([&] { jobs.task_done(); }),
                    HasSubstr("task_done(): everything that was sent is done"));
    });
}

TEST(joinable, forgets_who_was_cancelled_and_tells_who_waits_when_it_is_destroyed) {
    in_both_kinds([](coroutine_kind kind) {
        auto jobs = std::make_unique<joinable<priority_channel<int>>>();
        EXPECT_TRUE(jobs->try_send(1));
        auto joiner = spawn_as(kind, [&] { return jobs->join(); });
        until_it_waits(joiner);
        joiner.cancel();
        EXPECT_THROW(await(joiner), weft::child_cancelled);
        joiner = spawn_as(kind, [&] { return jobs->join(); });
        until_it_waits(joiner);
        jobs->task_done();
        joiner.cancel();  // in the same turn: there is nothing to lose
        EXPECT_THROW(await(joiner), weft::child_cancelled);
        EXPECT_TRUE(jobs->try_send(2));
        joiner = spawn_as(kind, [&] { return jobs->join(); });
        until_it_waits(joiner);
        jobs.reset();
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(joiner); }), HasSubstr("join: the chan"));
    });
}

}  // namespace
