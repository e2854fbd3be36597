// Many coroutines on one channel, of which some are cancelled at any moment: what was sent is
// received once, what was not taken is still its sender's.

#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/sync/channel.hpp"
#include "weft/sync/select.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::channel;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;

constexpr int senders = 6;
constexpr int receivers = 4;
constexpr int each_sends = 12;

using item = std::unique_ptr<int>;

class ledger {
public:
    explicit ledger(std::size_t capacity) : items(capacity) {}

    channel<item> items;
    channel<item> other{1};

    void sent(const item& was) {
        EXPECT_EQ(was, nullptr) << "it was taken";
        ++sent_;
    }
    void kept(const item& is) { EXPECT_NE(is, nullptr) << "it was not taken, and is not there"; }
    void received(const weft::received<item>& got) {
        ASSERT_TRUE(got && *got);
        ++times_[static_cast<std::size_t>(**got)];
        ++received_;
    }
    [[nodiscard]] int check() {
        while (auto left = items.try_receive()) received(left);
        while (auto left = other.try_receive()) received(left);
        EXPECT_EQ(sent_, received_);
        for (const int times : times_) EXPECT_LE(times, 1);
        for (const auto* c : {&items, &other}) {
            EXPECT_EQ(c->statistics().senders(), 0u);
            EXPECT_EQ(c->statistics().receivers(), 0u);
        }
        return received_;
    }

private:
    std::vector<int> times_ = std::vector<int>(senders * each_sends);
    int sent_ = 0;
    int received_ = 0;
};

/// Every third item by a select, every third within a short time.
task<> send_all_task(ledger& l, int first) {
    for (int i = first; i < first + each_sends; ++i) {
        auto one = std::make_unique<int>(i);
        bool gone = true;
        try {
            if (i % 3 == 0)
                co_await l.items.send(std::move(one));
            else if (i % 3 == 1)
                co_await weft::with_timeout(1us, l.items.send(std::move(one)));
            else
                static_cast<void>(co_await weft::select(l.items.send(std::move(one)),
                                                        l.other.send(std::move(one))));
        } catch (const weft::timed_out&) {
            gone = false;
        } catch (const weft::cancelled&) {
            l.kept(one);
            throw;
        }
        if (gone)
            l.sent(one);
        else
            l.kept(one);
    }
}
void send_all_fiber(ledger& l, int first) {
    for (int i = first; i < first + each_sends; ++i) {
        auto one = std::make_unique<int>(i);
        try {
            if (i % 3 == 0)
                await(l.items.send(std::move(one)));
            else if (i % 3 == 1)
                await(weft::with_timeout(1us, l.items.send(std::move(one))));
            else
                static_cast<void>(await(
                    weft::select(l.items.send(std::move(one)), l.other.send(std::move(one)))));
            l.sent(one);
        } catch (const weft::timed_out&) {
            l.kept(one);
        } catch (const weft::cancelled&) {
            l.kept(one);
            throw;
        }
    }
}
task<> receive_task(ledger& l) {
    for (bool by_select = false;; by_select = !by_select) {
        if (by_select) {
            auto got = co_await weft::select(l.items.receive(), l.other.receive());
            l.received(got.index() == 0 ? std::get<0>(got) : std::get<1>(got));
        } else {
            l.received(co_await l.items.receive());
        }
    }
}
void receive_fiber(ledger& l) {
    for (bool by_select = false;; by_select = !by_select) {
        if (by_select) {
            auto got = await(weft::select(l.items.receive(), l.other.receive()));
            l.received(got.index() == 0 ? std::get<0>(got) : std::get<1>(got));
        } else {
            l.received(await(l.items.receive()));
        }
    }
}

TEST(channel_under_cancellations, loses_nothing_and_gives_nothing_twice) {
    int received = 0;
    in_both_kinds([&received](coroutine_kind kind) {
        for (const std::size_t capacity : {std::size_t{0}, std::size_t{2}}) {
            ledger l(capacity);
            std::vector<weft::join_handle<void>> all;
            for (int i = 0; i < senders; ++i)
                all.push_back(kind == coroutine_kind::task
                                  ? weft::spawn(send_all_task, std::ref(l), i * each_sends)
                                  : weft::spawn(send_all_fiber, std::ref(l), i * each_sends));
            for (int i = 0; i < receivers; ++i)
                all.push_back(kind == coroutine_kind::task
                                  ? weft::spawn(receive_task, std::ref(l))
                                  : weft::spawn(receive_fiber, std::ref(l)));
            // One after the other, at whatever they are; those that are left wait in the end.
            for (std::size_t i = 0; i < all.size(); ++i) {
                for (std::size_t turns = 0; turns < 3 + i; ++turns) await(weft::yield_now());
                all[(i * 7) % all.size()].cancel();
            }
            for (const auto& h : all) await(h.join());
            received += l.check();
        }
    });
    EXPECT_GT(received, 100);
}

}  // namespace
