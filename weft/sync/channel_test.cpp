#include "weft/sync/channel.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/each.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::channel;
using weft::channel_closed;
using weft::join_handle;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;

using ints = channel<int>;

join_handle<void> send_one(coroutine_kind kind, ints& to, int item) {
    return spawn_as(kind, [&to, item] { return to.send(item); });
}
join_handle<weft::received<int>> receive_one(coroutine_kind kind, ints& from) {
    return spawn_as(kind, [&from] { return from.receive(); });
}

task<> produce_task(ints& to, int count) {
    for (int i = 0; i < count; ++i) co_await to.send(i);
    to.close();
}
void produce_fiber(ints& to, int count) {
    for (int i = 0; i < count; ++i) await(to.send(i));
    to.close();
}
task<> consume_task(ints& from, std::vector<int>& into) {
    while (auto item = co_await from.receive()) into.push_back(*item);
}
void consume_fiber(ints& from, std::vector<int>& into) {
    for (const int item : weft::each(from)) into.push_back(item);
}

TEST(channel, gives_items_in_the_order_of_their_sending) {
    weft::testing::on_every_loop([] {
        for (const std::size_t capacity :
             {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{1000}, weft::unbounded})
            for (const int pair : {0, 1, 2, 3}) {
                constexpr int count = 400;
                ints numbers(capacity);
                std::vector<int> got;
                auto consumer = (pair & 1) != 0
                                    ? weft::spawn(consume_task, std::ref(numbers), std::ref(got))
                                    : weft::spawn(consume_fiber, std::ref(numbers), std::ref(got));
                auto producer = (pair & 2) != 0
                                    ? weft::spawn(produce_task, std::ref(numbers), count)
                                    : weft::spawn(produce_fiber, std::ref(numbers), count);
                await(producer);
                await(consumer);
                ASSERT_EQ(got.size(), std::size_t{count});
                for (int i = 0; i < count; ++i) ASSERT_EQ(got[static_cast<std::size_t>(i)], i);
                EXPECT_TRUE(numbers.empty());
            }
    });
}

TEST(channel, without_capacity_lets_a_sender_wait_until_its_item_is_received) {
    in_both_kinds([](coroutine_kind kind) {
        ints hands;
        auto sender = send_one(kind, hands, 7);
        until_it_waits(sender);
        EXPECT_EQ(hands.size(), 0u);
        EXPECT_EQ(hands.statistics().senders(), 1u);
        EXPECT_EQ(await(hands.receive()), 7);
        await(sender);
        EXPECT_EQ(hands.statistics().senders(), 0u);
    });
}

TEST(channel, with_a_capacity_lets_a_sender_wait_when_it_is_full) {
    in_both_kinds([](coroutine_kind kind) {
        ints three(3);
        for (int i = 0; i < 3; ++i) {
            EXPECT_FALSE(three.full());
            await(send_one(kind, three, i));
        }
        EXPECT_TRUE(three.full());
        auto late = send_one(kind, three, 3);
        until_it_waits(late);
        EXPECT_EQ(three.size(), 3u);
        EXPECT_EQ(await(three.receive()), 0);
        EXPECT_EQ(three.size(), 3u);  // the item of who waited is in it
        await(late);
        EXPECT_EQ(three.statistics().sent(), 4u);
        EXPECT_EQ(three.statistics().received(), 1u);
        EXPECT_EQ(three.capacity(), 3u);
    });
}

TEST(channel, serves_those_who_wait_in_their_order_and_lets_nobody_overtake) {
    in_both_kinds([](coroutine_kind kind) {
        ints c(1);
        std::vector<join_handle<weft::received<int>>> receivers;
        for (int i = 0; i < 3; ++i) {
            receivers.push_back(receive_one(kind, c));
            until_it_waits(receivers.back());
        }
        EXPECT_EQ(c.statistics().receivers(), 3u);
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(c.try_send(i));
        ASSERT_TRUE(c.try_send(3));  // nobody waits any more: into the channel
        for (int i = 0; i < 3; ++i) EXPECT_EQ(await(receivers[static_cast<std::size_t>(i)]), i);

        std::vector<join_handle<void>> senders;
        for (int i = 4; i < 7; ++i) {
            senders.push_back(send_one(kind, c, i));
            until_it_waits(senders.back());
        }
        EXPECT_FALSE(c.try_send(7));
        for (int i = 3; i < 7; ++i) EXPECT_EQ(c.try_receive(), i);
        EXPECT_EQ(c.try_receive(), std::nullopt);
        for (auto& s : senders) await(s);
    });
}

TEST(channel, gives_what_is_in_it_when_it_is_closed_and_then_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        ints c(2);
        EXPECT_TRUE(c.try_send(1) && c.try_send(2));
        auto pending = send_one(kind, c, 3);
        until_it_waits(pending);
        c.close();
        c.close();
        EXPECT_TRUE(c.closed());
        EXPECT_EQ(thrown<channel_closed>([&] { await(pending); }),
                  "send: the channel is closed; the item was not taken");
        EXPECT_THROW(await(send_one(kind, c, 4)), channel_closed);
        EXPECT_THROW((void)c.try_send(4), channel_closed);
        EXPECT_EQ(await(receive_one(kind, c)), 1);
        EXPECT_EQ(await(receive_one(kind, c)), 2);
        EXPECT_EQ(await(receive_one(kind, c)), std::nullopt);
        EXPECT_EQ(c.try_receive(), std::nullopt);

        ints other;
        auto receiver = receive_one(kind, other);
        until_it_waits(receiver);
        other.close();
        EXPECT_EQ(await(receiver), std::nullopt);
    });
}

TEST(channel, leaves_an_item_with_its_sender_that_was_not_taken) {
    in_both_kinds([](coroutine_kind kind) {
        channel<std::unique_ptr<int>> c;
        auto item = std::make_unique<int>(5);
        EXPECT_FALSE(c.try_send(std::move(item)));
        ASSERT_NE(item, nullptr);

        const auto sends = [&] { return c.send(std::move(item)); };
        auto sender = spawn_as(kind, sends);
        until_it_waits(sender);
        sender.cancel();
        EXPECT_THROW(await(sender), weft::child_cancelled);
        ASSERT_NE(item, nullptr);

        EXPECT_THROW(await(weft::with_timeout(1ms, c.send(std::move(item)))), weft::timed_out);
        ASSERT_NE(item, nullptr);
        EXPECT_THROW(await(weft::with_timeout(1ms, c.receive())), weft::timed_out);

        sender = spawn_as(kind, sends);
        until_it_waits(sender);
        c.close();
        EXPECT_THROW(await(sender), channel_closed);
        ASSERT_NE(item, nullptr);
        EXPECT_EQ(*item, 5);
        EXPECT_EQ(c.statistics().sent(), 0u);
    });
}

TEST(channel, forgets_who_was_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        ints c;
        for (int cancelled = 0; cancelled < 3; ++cancelled) {
            std::vector<join_handle<weft::received<int>>> receivers;
            std::vector<join_handle<void>> senders;
            for (int i = 0; i < 3; ++i) {
                receivers.push_back(receive_one(kind, c));
                until_it_waits(receivers.back());
            }
            const auto victim = static_cast<std::size_t>(cancelled);
            receivers[victim].cancel();
            EXPECT_EQ(c.statistics().receivers(), 2u);
            EXPECT_TRUE(c.try_send(1) && c.try_send(2));
            EXPECT_EQ(await(receivers[victim == 0 ? 1 : 0]), 1);
            EXPECT_EQ(await(receivers[victim == 2 ? 1 : 2]), 2);
            EXPECT_THROW(await(receivers[victim]), weft::child_cancelled);

            for (int i = 0; i < 3; ++i) {
                senders.push_back(send_one(kind, c, i));
                until_it_waits(senders.back());
            }
            senders[victim].cancel();
            EXPECT_EQ(c.try_receive(), victim == 0 ? 1 : 0);
            EXPECT_EQ(c.try_receive(), victim == 2 ? 1 : 2);
            EXPECT_EQ(c.try_receive(), std::nullopt);
            EXPECT_THROW(await(senders[victim]), weft::child_cancelled);
        }
    });
}

// ---- served and cancelled in the same turn

task<> receive_and_go_on_task(ints& c, std::optional<int>& into, bool& went_on) {
    into = co_await c.receive();
    co_await weft::yield_now();
    went_on = true;
}
void receive_and_go_on_fiber(ints& c, std::optional<int>& into, bool& went_on) {
    into = await(c.receive());
    await(weft::yield_now());
    went_on = true;
}

TEST(channel, gives_a_receiver_its_item_that_is_cancelled_before_it_runs) {
    in_both_kinds([](coroutine_kind kind) {
        ints c;
        std::optional<int> got;
        bool went_on = false;
        auto receiver = kind == coroutine_kind::task
                            ? weft::spawn(receive_and_go_on_task(c, got, went_on))
                            : weft::spawn([&] { receive_and_go_on_fiber(c, got, went_on); });
        until_it_waits(receiver);
        EXPECT_TRUE(c.try_send(9));
        receiver.cancel();
        EXPECT_THROW(await(receiver), weft::child_cancelled);
        EXPECT_EQ(got, 9);
        EXPECT_FALSE(went_on);
    });
}

TEST(channel, lets_a_sender_return_whose_item_was_taken_before_it_was_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        ints c;
        auto sender = send_one(kind, c, 4);
        until_it_waits(sender);
        EXPECT_EQ(c.try_receive(), 4);
        sender.cancel();
        EXPECT_NO_THROW(await(sender));
    });
}

TEST(channel, raises_a_cancellation_before_a_close_where_there_is_nothing_to_lose) {
    in_both_kinds([](coroutine_kind kind) {
        ints c;
        auto receiver = receive_one(kind, c);
        until_it_waits(receiver);
        c.close();
        receiver.cancel();
        EXPECT_THROW(await(receiver), weft::child_cancelled);
        ints d;
        auto sender = send_one(kind, d, 4);
        until_it_waits(sender);
        d.close();
        sender.cancel();
        EXPECT_THROW(await(sender), weft::child_cancelled);
    });
}

TEST(channel, takes_nothing_from_who_is_cancelled_already) {
    in_both_kinds([](coroutine_kind kind) {
        ints c(1);
        EXPECT_TRUE(c.try_send(1));
        auto receiver = receive_one(kind, c);
        receiver.cancel();
        EXPECT_THROW(await(receiver), weft::child_cancelled);
        EXPECT_EQ(c.size(), 1u);
        EXPECT_EQ(c.try_receive(), 1);
        auto sender = send_one(kind, c, 2);
        sender.cancel();
        EXPECT_THROW(await(sender), weft::child_cancelled);
        EXPECT_TRUE(c.empty());
    });
}

TEST(channel, destroyed_under_those_who_wait_is_an_error_of_theirs) {
    in_both_kinds([](coroutine_kind kind) {
        auto c = std::make_unique<ints>();
        auto a = receive_one(kind, *c);
        auto b = receive_one(kind, *c);
        until_it_waits(a);
        until_it_waits(b);
        c = std::make_unique<ints>(1);
        EXPECT_TRUE(c->try_send(1));
        auto sender = send_one(kind, *c, 2);
        until_it_waits(sender);
        c.reset();
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(a); }),
                    HasSubstr("receive: the channel was destroyed while a coroutine waited"));
        EXPECT_THROW(await(b), weft::usage_error);
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(sender); }), HasSubstr("send: the chan"));
    });
}

TEST(channel, loses_nothing_at_the_end_of_the_budget) {
    in_both_kinds([](coroutine_kind kind) {
        ints c(weft::unbounded);
        constexpr int count = 1'000;
        auto producer = kind == coroutine_kind::task
                            ? weft::spawn(produce_task, std::ref(c), count)
                            : weft::spawn(produce_fiber, std::ref(c), count);
        std::vector<int> got;
        await(kind == coroutine_kind::task
                  ? weft::spawn(consume_task, std::ref(c), std::ref(got))
                  : weft::spawn(consume_fiber, std::ref(c), std::ref(got)));
        EXPECT_EQ(got.size(), std::size_t{count});
        EXPECT_EQ(got.back(), count - 1);
        await(producer);
    });
}

other::task<int> receive_as_foreign(ints& from) {
    const auto item = co_await from.receive();
    co_return item.value_or(-1);
}
other::task<int> send_as_foreign(ints& to) {
    co_await to.send(3);
    co_return 0;
}

TEST(channel, is_awaited_by_coroutines_of_other_libraries) {
    weft::testing::on_every_loop([] {
        ints c;
        auto received = receive_as_foreign(c);
        received.start();
        until([&] { return c.statistics().receivers() == 1; });
        EXPECT_TRUE(c.try_send(8));
        until([&] { return received.done(); });
        EXPECT_EQ(received.result(), 8);
        auto sends = send_as_foreign(c);
        sends.start();
        EXPECT_EQ(await(c.receive()), 3);
        until([&] { return sends.done(); });
    });
}

TEST(channel, is_filled_and_emptied_without_a_loop) {
    ints c(2);
    EXPECT_TRUE(c.try_send(1) && c.try_send(2));
    EXPECT_FALSE(c.try_send(3));
    EXPECT_EQ(c.try_receive(), 1);
    EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(c.receive().await_ready()); }),
                HasSubstr("there is no loop on this thread"));
    c.close();
}

TEST(channel, refuses_those_of_another_loop_while_somebody_waits) {
    weft::run([] {
        ints c;
        auto receiver = receive_one(coroutine_kind::task, c);
        until_it_waits(receiver);
        std::string from_thread;
        std::string from_loop;
        std::thread([&] {
            from_thread = thrown<weft::usage_error>([&] { (void)c.try_send(1); });
            weft::run(
                [&] { from_loop = thrown<weft::usage_error>([&] { (void)await(c.receive()); }); });
        }).join();
        EXPECT_THAT(from_thread, HasSubstr("a channel belongs to one loop"));
        EXPECT_THAT(from_loop, HasSubstr("a channel belongs to one loop"));
        EXPECT_TRUE(c.try_send(1));
        EXPECT_EQ(await(receiver), 1);
    });
}

}  // namespace
