#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/sync/shared_channel.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using weft::await;
using weft::channel_closed;
using weft::shared_channel;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

using channel = shared_channel<int>;

auto receiving(channel& c) {
    return [&c] { return c.receive(); };
}
auto sending(channel& c, int value) {
    return [&c, value] { return c.send(value); };
}

TEST(shared_channel, gives_items_in_order_and_then_says_that_it_is_closed) {
    in_both_kinds([](coroutine_kind kind) {
        for (const std::size_t capacity : {0, 1, 3, 100}) {
            SCOPED_TRACE(capacity);
            channel c(capacity);
            const auto sender = weft::spawn([&]() -> task<> {
                for (int i = 0; i < 20; ++i) co_await c.send(i);
                c.close();
            });
            for (int i = 0; i < 20; ++i)
                EXPECT_EQ(weft::testing::get_as(kind, receiving(c)), std::optional(i));
            EXPECT_EQ(weft::testing::get_as(kind, receiving(c)), std::nullopt);
            EXPECT_EQ(await(c.receive()), std::nullopt);
            await(sender);
            EXPECT_EQ(c.size(), 0u);
        }
    });
}

TEST(shared_channel, serves_those_who_wait_in_their_order) {
    in_both_kinds([](coroutine_kind kind) {
        for (const std::size_t capacity : {0, 2}) {
            channel c(capacity);
            std::vector<weft::join_handle<std::optional<int>>> receivers;
            for (int i = 0; i < 5; ++i) {
                receivers.push_back(spawn_as(kind, receiving(c)));
                until_it_waits(receivers.back());
            }
            EXPECT_EQ(c.receivers_waiting(), 5u);
            for (int i = 0; i < 5; ++i) EXPECT_TRUE(c.try_send(i));
            for (int i = 0; i < 5; ++i) EXPECT_EQ(await(receivers[i]), std::optional(i));

            while (c.try_send(-1)) {}
            std::vector<weft::join_handle<void>> senders;
            for (int i = 0; i < 5; ++i) {
                senders.push_back(spawn_as(kind, sending(c, i)));
                until_it_waits(senders.back());
            }
            EXPECT_EQ(c.senders_waiting(), 5u);
            for (std::size_t i = 0; i < capacity; ++i)
                EXPECT_EQ(c.try_receive(), std::optional(-1));
            for (int i = 0; i < 5; ++i) EXPECT_EQ(c.try_receive(), std::optional(i));
            for (auto& s : senders) await(s);
        }
    });
}

TEST(shared_channel, delivers_an_item_to_a_receiver_that_is_cancelled_when_it_has_it) {
    in_both_kinds([](coroutine_kind kind) {
        for (const std::size_t capacity : {0, 1}) {
            channel c(capacity);
            const auto receiver = spawn_as(kind, receiving(c));
            until_it_waits(receiver);
            ASSERT_TRUE(c.try_send(7));
            receiver.cancel();
            EXPECT_EQ(await(receiver), std::optional(7));
        }
    });
}

TEST(shared_channel, loses_no_item_to_a_receiver_that_is_cancelled_before) {
    in_both_kinds([](coroutine_kind kind) {
        for (const std::size_t capacity : {0, 1}) {
            channel c(capacity);
            const auto gone = spawn_as(kind, receiving(c));
            const auto stays = spawn_as(kind, receiving(c));
            until_it_waits(gone);
            until_it_waits(stays);
            gone.cancel();
            EXPECT_TRUE(c.try_send(7));
            EXPECT_EQ(await(stays), std::optional(7));
            EXPECT_THROW(await(gone), weft::child_cancelled);
            EXPECT_FALSE(capacity == 0 && c.try_send(8)) << "nobody waits";
        }
    });
}

TEST(shared_channel, sends_nothing_for_a_sender_that_is_cancelled_before_it_is_taken) {
    in_both_kinds([](coroutine_kind kind) {
        for (const std::size_t capacity : {0, 1}) {
            channel c(capacity);
            if (capacity == 1) {
                ASSERT_TRUE(c.try_send(1));
            }
            const auto gone = spawn_as(kind, sending(c, 2));
            until_it_waits(gone);
            gone.cancel();
            await(gone.join());
            if (capacity == 1) {
                EXPECT_EQ(c.try_receive(), std::optional(1));
            }
            EXPECT_EQ(c.try_receive(), std::nullopt);

            if (capacity == 1) {
                ASSERT_TRUE(c.try_send(1));
            }
            const auto taken = spawn_as(kind, sending(c, 3));
            until_it_waits(taken);
            EXPECT_EQ(c.try_receive(), std::optional(capacity == 1 ? 1 : 3));
            taken.cancel();
            await(taken);
            EXPECT_TRUE(taken.successful());
        }
    });
}

TEST(shared_channel, times_out) {
    in_both_kinds([](coroutine_kind) {
        channel c(1);
        EXPECT_THROW(await(weft::with_timeout(1ms, c.receive())), weft::timed_out);
        await(c.send(1));
        EXPECT_THROW(await(weft::with_timeout(1ms, c.send(2))), weft::timed_out);
        EXPECT_EQ(await(weft::with_timeout(1h, c.receive())), std::optional(1));
        EXPECT_EQ(c.try_receive(), std::nullopt);
    });
}

TEST(shared_channel, that_is_closed_ends_those_who_wait_and_gives_what_is_buffered) {
    in_both_kinds([](coroutine_kind kind) {
        for (const std::size_t capacity : {0, 1}) {
            channel empty(capacity);
            const auto receiver = spawn_as(kind, receiving(empty));
            until_it_waits(receiver);
            empty.close();
            empty.close();
            EXPECT_EQ(await(receiver), std::nullopt);

            channel full(capacity);
            while (full.try_send(1)) {}
            const auto sender = spawn_as(kind, sending(full, 2));
            until_it_waits(sender);
            full.close();
            EXPECT_THAT(thrown<channel_closed>([&] { await(sender); }), HasSubstr("closed"));
            EXPECT_THROW(await(full.send(3)), channel_closed);
            EXPECT_FALSE(full.try_send(4));
            EXPECT_EQ(full.try_receive(), capacity == 1 ? std::optional(1) : std::nullopt);
            EXPECT_EQ(await(full.receive()), std::nullopt);
        }
    });
}

TEST(shared_channel, takes_items_that_can_only_be_moved_and_leaves_what_it_does_not_take) {
    weft::testing::on_every_loop([] {
        shared_channel<std::unique_ptr<int>> c(1);
        await(c.send(std::make_unique<int>(1)));
        auto second = std::make_unique<int>(2);
        EXPECT_FALSE(c.try_send(std::move(second)));
        ASSERT_NE(second, nullptr);
        EXPECT_EQ(**await(c.receive()), 1);
        EXPECT_TRUE(c.try_send(std::move(second)));
        // What is left is destroyed with it.
    });
}

other::task<int> receive_as_foreign(channel& c) {
    const std::optional<int> n = co_await c.receive();
    co_return n.value_or(-1);
}

TEST(shared_channel, is_awaited_by_coroutines_of_other_libraries) {
    weft::testing::on_every_loop([] {
        channel c(0);
        const auto h =
            weft::spawn([&c]() -> task<int> { co_return co_await receive_as_foreign(c); });
        await(c.send(5));
        EXPECT_EQ(await(h), 5);
    });
}

TEST(shared_channel, lets_the_error_of_a_copy_pass_and_is_as_before) {
    struct fragile {
        fragile() noexcept = default;
        fragile(const fragile&) { throw std::runtime_error("no copy"); }
        fragile(fragile&&) noexcept {}
    };
    weft::run([] {
        shared_channel<fragile> c(2);
        const fragile f;
        EXPECT_THROW(await(c.send(f)), std::runtime_error);
        EXPECT_THROW(static_cast<void>(c.try_send(f)), std::runtime_error);
        EXPECT_EQ(c.size(), 0u);
        await(c.send(fragile()));
        EXPECT_TRUE(await(c.receive()).has_value());
    });
}

TEST(shared_channel, loses_nothing_when_a_loop_ends_while_a_thread_sends_to_it) {
    for (const std::size_t capacity : {0, 1}) {
        for (int round = 0; round < 8; ++round) {
            channel c(capacity);
            int sent = 0;
            std::atomic<int> received = 0;
            std::thread sender([&] {
                while (!c.closed()) sent += c.try_send(1);
            });
            // Its end cancels the receivers, some of which are being given an item.
            weft::run([&] {
                for (int i = 0; i < 10; ++i)
                    weft::spawn([&]() -> task<> {
                        for (;;) received += (co_await c.receive()).value_or(0);
                    }).detach();
                while (received == 0) await(weft::yield_now());
            });
            c.close();
            sender.join();
            while (const auto n = c.try_receive()) received += *n;
            EXPECT_EQ(received, sent);
        }
    }
}

TEST(shared_channel, keeps_a_loop_waiting_for_a_thread) {
    for (const std::size_t capacity : {0, 1, 16}) {
        channel c(capacity);
        std::thread sender([&c] {
            for (int i = 1; i <= 100; ++i) c.blocking_send(i);
            c.close();
            EXPECT_THROW(c.blocking_send(1), channel_closed);
        });
        const int sum = weft::run([&c] {
            int all = 0;
            while (const auto n = await(c.receive())) all += *n;
            return all;
        });
        sender.join();
        EXPECT_EQ(sum, 5050);
    }
}

TEST(shared_channel, refuses_to_block_a_loop) {
    weft::run([] {
        channel c(1);
        EXPECT_THAT(thrown<weft::usage_error>([&] { c.blocking_send(1); }),
                    HasSubstr("blocking_send(): it would block the loop"));
        EXPECT_THROW(static_cast<void>(c.blocking_receive()), weft::usage_error);
    });
}

TEST(shared_channel_death, destroyed_under_a_receiver_ends_the_process) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(weft::run([] {
                     std::optional<channel> c(1);
                     const auto h = spawn_as(coroutine_kind::task, receiving(*c));
                     until_it_waits(h);
                     c.reset();
                 }),
                 "a shared_channel is destroyed while somebody waits at it");
}

/// Two senders and two receivers, loops and threads, each item once; some receives are cancelled.
long exchange(std::size_t capacity, int each) {
    channel c(capacity);
    std::atomic<int> senders = 3;
    const auto done = [&] {
        if (--senders == 0) c.close();
    };
    const auto send_in_loop = [&] {
        weft::run(weft::options().watchdog({}), [&]() -> task<> {
            for (int i = 1; i <= each; ++i) co_await c.send(i);
        });
        done();
    };
    std::atomic<long> sum = 0;
    std::vector<std::thread> all;
    all.emplace_back([&] { send_in_loop(); });
    all.emplace_back([&] { send_in_loop(); });
    all.emplace_back([&] {
        for (int i = 1; i <= each; ++i) c.blocking_send(i);
        done();
    });
    all.emplace_back([&] {
        while (const auto n = c.blocking_receive()) sum += *n;
    });
    all.emplace_back([&] {
        weft::run(weft::options().watchdog({}), [&] {
            for (bool going = true; going;) {
                // Given up at any time: what has been taken by then is given.
                auto h = weft::spawn(weft::testing::await_as_task(receiving(c)));
                for (int turns = 0; turns < 3 && !h.ready(); ++turns) await(weft::yield_now());
                h.cancel();
                try {
                    const auto n = await(h);
                    going = n.has_value();
                    sum += n.value_or(0);
                } catch (const weft::child_cancelled&) {}
            }
        });
    });
    for (auto& t : all) t.join();
    return sum;
}

long expected_sum(long each) {
    return 3 * each * (each + 1) / 2;
}

TEST(shared_channel, gives_each_item_to_one_of_many_threads) {
    for (const std::size_t capacity : {0, 1, 7})
        EXPECT_EQ(exchange(capacity, 100), expected_sum(100)) << capacity;
}

TEST(shared_channel_slow, gives_each_of_millions_of_items_to_one_of_many_threads) {
    for (const std::size_t capacity : {0, 1, 64, 1024})
        EXPECT_EQ(exchange(capacity, 200'000), expected_sum(200'000)) << capacity;
}

}  // namespace
