#include "weft/pipeline/threaded.hpp"

#include "weft/core/kinds_test.hpp"
#include "weft/pipeline/sinks.hpp"
#include "weft/pipeline/stages.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace {

using namespace weft;
using namespace weft::testing;
using namespace std::chrono_literals;

/// What a target has seen. The sender's to read when it has closed.
struct seen {
    std::vector<int> items;
    std::thread::id thread;
    int closes = 0;
    int raised = 0;
};

consumer<int> watched(seen& all) {
    try {
        for (;;) {
            try {
                const int item = co_await receive;
                if (item < 0) throw std::runtime_error("a negative item");
                all.items.push_back(item);
                all.thread = std::this_thread::get_id();
            } catch (const std::logic_error&) {
                ++all.raised;
                all.items.push_back(-1);
            }
        }
    } catch (const generator_exit&) {
        ++all.closes;
    }
}

/// Takes nothing before the gate is open.
consumer<int> behind(std::latch& gate, seen& all) {
    auto target = watched(all);
    try {
        for (;;) {
            const int item = co_await receive;
            gate.wait();
            target.send(item);
        }
    } catch (const generator_exit&) {
        target.close();
    }
}

std::vector<int> numbers(int n) {
    std::vector<int> all;
    for (int i = 0; i < n; ++i) all.push_back(i);
    return all;
}

TEST(threaded, takes_all_items_in_order_on_one_other_thread_and_is_closed_once) {
    for (const std::size_t capacity : {1U, 3U, 1024U}) {
        seen all;
        const std::size_t sent = numbers(10'000) | filter([](int n) { return n % 2 == 0; }) |
                                 threaded(capacity, watched(all));
        EXPECT_EQ(sent, 5'000U);
        ASSERT_EQ(all.items.size(), 5'000U);
        for (int i = 0; i < 5'000; ++i) ASSERT_EQ(all.items[static_cast<std::size_t>(i)], 2 * i);
        EXPECT_EQ(all.closes, 1);
        EXPECT_NE(all.thread, std::this_thread::get_id());
    }
}

TEST(threaded, an_item_is_taken_though_nothing_follows_it) {
    std::atomic<int> taken = 0;
    auto sink = threaded(for_each([&](int n) {
        taken = n;
        taken.notify_one();
    }));
    for (int n = 1; n <= 100; ++n) {
        sink.send(n);
        while (taken != n) taken.wait(n - 1);
    }
}

TEST(threaded, the_error_of_the_target_is_thrown_by_a_later_send_or_by_close) {
    seen all;
    auto at_close = threaded(watched(all));
    at_close.send(-1);
    EXPECT_THROW(at_close.close(), std::runtime_error);
    EXPECT_EQ(at_close.state(), generator_state::closed);
    EXPECT_NO_THROW(at_close.close());

    auto at_send = threaded(watched(all));
    at_send.send(-1);
    const auto send_on = [&] {
        while (at_send.send(1)) {}
    };
    EXPECT_THROW(send_on(), std::runtime_error);
    EXPECT_FALSE(at_send.send(1));
}

TEST(threaded, send_is_false_when_the_target_has_ended) {
    std::vector<int> items;
    auto sink = threaded(4, take(3) | append_to(items));
    int sent = 0;
    while (sink.send(sent)) ++sent;
    EXPECT_GE(sent, 3);
    EXPECT_EQ(items, numbers(3));
    EXPECT_EQ(sink.state(), generator_state::closed);
}

TEST(threaded, throw_crosses_in_order_and_tells_what_became_of_it) {
    seen all;
    auto sink = threaded(watched(all));
    sink.send(0);
    EXPECT_TRUE(sink.throw_(std::logic_error("handled")));
    EXPECT_TRUE(sink.throw_(std::logic_error("again")));
    sink.send(1);
    EXPECT_THROW(sink.throw_(std::range_error("not handled")), std::range_error);
    EXPECT_EQ(all.items, (std::vector<int>{0, -1, -1, 1}));
    EXPECT_EQ(all.raised, 2);
    EXPECT_FALSE(sink.send(2));

    auto ended = threaded(take(0) | watched(all));
    EXPECT_THROW(ended.throw_(std::logic_error("comes back")), std::logic_error);
}

TEST(threaded, destruction_closes_and_reports) {
    const captured_unhandled unhandled;
    seen all;
    {
        auto sink = threaded(watched(all));
        sink.send(1);
    }
    EXPECT_EQ(all.items, std::vector<int>{1});
    EXPECT_EQ(all.closes, 1);
    EXPECT_TRUE(unhandled.all().empty());
    {
        auto sink = threaded(watched(all));
        sink.send(-1);
    }
    ASSERT_EQ(unhandled.all().size(), 1U);
    EXPECT_NE(unhandled.all()[0].find("a negative item"), std::string::npos);
}

TEST(threaded, a_thread_that_is_refused_is_an_error_and_the_target_is_closed) {
    seen all;
    const auto refuse = [](void (*)(void*), void*, const char*) -> std::thread {
        throw std::system_error(EAGAIN, std::generic_category());
    };
    const auto before = std::exchange(detail::threaded_base::start, refuse);
    try {
        auto sink = threaded(watched(all));
        ADD_FAILURE() << "it has begun";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code().value(), EAGAIN);
        EXPECT_NE(std::string(e.what()).find("threaded()"), std::string::npos);
    }
    detail::threaded_base::start = before;
    EXPECT_EQ(all.closes, 1);
    EXPECT_THROW(static_cast<void>(threaded(0, watched(all))), usage_error);
    EXPECT_EQ(all.closes, 2);
}

TEST(threaded, text_is_kept_and_what_can_only_be_moved_is_moved) {
    std::vector<std::string> lines;
    auto text = threaded(2, append_to(lines));
    for (int i = 0; i < 50; ++i) {
        std::string line(static_cast<std::size_t>(i) * 200, static_cast<char>('a' + i % 26));
        text.send(line);
        line.assign(line.size(), '#');
    }
    text.close();
    ASSERT_EQ(lines.size(), 50U);
    for (std::size_t i = 0; i < 50; ++i)
        EXPECT_EQ(lines[i], std::string(i * 200, static_cast<char>('a' + i % 26)));

    int sum = 0;
    auto boxes = threaded(2, for_each([&](std::unique_ptr<int> n) { sum += *n; }));
    for (int i = 0; i < 10; ++i) boxes.send(std::make_unique<int>(i));
    boxes.close();
    EXPECT_EQ(sum, 45);

    auto by_reference = threaded(2, for_each([&](const std::vector<int>& v) { sum += v[0]; }));
    const std::vector<int> ten{10};
    by_reference.send(ten);
    by_reference.close();
    EXPECT_EQ(sum, 55);
}

TEST(threaded, items_that_the_target_did_not_take_are_destroyed) {
    const auto item = std::make_shared<int>(1);
    std::latch gate(1);
    auto sink = threaded(8, [](std::latch& open) -> consumer<std::shared_ptr<int>> {
        std::shared_ptr<int> first = co_await receive;
        open.wait();
    }(gate));
    for (int i = 0; i < 8; ++i) sink.send(item);
    gate.count_down();
    sink.close();
    EXPECT_EQ(item.use_count(), 1);
}

TEST(threaded, the_buffer_is_bounded) {
    constexpr std::int64_t capacity = 16;
    std::atomic<std::int64_t> taken = 0;
    auto sink = threaded(capacity, for_each([&](std::int64_t n) {
                             if (n % 1000 == 0) std::this_thread::yield();
                             ++taken;
                         }));
    for (std::int64_t sent = 0; sent < 200'000; ++sent) {
        sink.send(sent);
        ASSERT_LE(sent + 1 - taken, capacity + 1);
    }
    sink.close();
    EXPECT_EQ(taken, 200'000);
}

TEST(threaded, a_full_buffer_suspends_the_fiber_and_no_more) {
    on_every_loop([] {
        std::latch gate(1);
        seen all;
        auto sender = spawn([&] {
            numbers(20) | filter([](int) { return true; }) | threaded(2, behind(gate, all));
        });
        until_it_waits(sender);
        EXPECT_FALSE(sender.ready());
        gate.count_down();
        await(sender);
        EXPECT_EQ(all.items, numbers(20));
        EXPECT_EQ(all.closes, 1);
    });
}

TEST(threaded, a_task_may_send_too) {
    on_every_loop([] {
        seen all;
        await([](seen& to) -> task<> {
            co_await yield_now();
            numbers(5000) | threaded(2, watched(to));
        }(all));
        EXPECT_EQ(all.items, numbers(5000));
    });
}

/// Sends until it is cancelled; how many were sent.
int send_all(std::latch& gate, seen& all) {
    int sent = 0;
    auto sink = threaded(2, behind(gate, all));
    try {
        for (;; ++sent) {
            sink.send(sent);
            if (sent > 1000) await(yield_now());
        }
    } catch (const cancelled&) {
        return sent;
    }
}

TEST(threaded, what_a_cancelled_fiber_has_sent_arrives) {
    on_every_loop([] {
        for (const bool is_open_first : {true, false}) {
            std::latch gate(1);
            seen all;
            int sent = -1;
            auto sender = spawn([&] { sent = send_all(gate, all); });
            until_it_waits(sender);
            // Woken and cancelled at about the same time, or in vain.
            if (is_open_first) gate.count_down();
            sender.cancel();
            if (!is_open_first) gate.count_down();
            await(sender.join());
            EXPECT_EQ(all.items, numbers(static_cast<int>(all.items.size())));
            EXPECT_EQ(static_cast<int>(all.items.size()), sent);
            EXPECT_EQ(all.closes, 1);
        }
    });
}

}  // namespace
