// A cancellation is raised again at every await: swallowing it once does not lose it.

#include "weft/core/cancelled.hpp"
#include "weft/core/kinds_test.hpp"

#include <gtest/gtest.h>

namespace {

using weft::await;
using weft::cancelled;
using weft::spawn;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::until;
using weft::testing::until_it_waits;

task<int> swallow(int times) {
    int swallowed = 0;
    while (swallowed < times) {
        try {
            co_await for_ever();
        } catch (const cancelled&) {
            ++swallowed;
        }
    }
    co_return swallowed;
}

TEST(cancel, is_raised_again_after_it_was_swallowed) {
    in_both_kinds([](coroutine_kind kind) {
        auto h = spawn_as(kind, [] { return swallow(10); });
        until_it_waits(h);
        h.cancel();
        EXPECT_EQ(await(h), 10);
        EXPECT_TRUE(h.successful()) << "one that returns has returned, cancelled or not";
    });
}

TEST(cancel, is_raised_by_awaits_that_would_complete_at_once) {
    in_both_kinds([](coroutine_kind kind) {
        const auto nothing = []() -> task<> { co_return; };
        auto ended = spawn(nothing());
        await(ended.join());
        const auto body = [ended]() -> task<int> {
            int raised = 0;
            for (int i = 0; i < 5; ++i) {
                try {
                    co_await ended;
                } catch (const cancelled&) {
                    ++raised;
                }
            }
            co_return raised;
        };
        auto h = spawn_as(kind, body);
        h.cancel();
        EXPECT_EQ(await(h), 5);
    });
}

task<> swallow_until(const bool& stop, int& swallowed) {
    while (!stop) {
        try {
            co_await weft::yield_now();
        } catch (const cancelled&) {
            ++swallowed;
        }
    }
}

TEST(cancel, swallowed_for_ever_does_not_keep_the_thread) {
    in_both_kinds([](coroutine_kind kind) {
        bool stop = false;
        int swallowed = 0;
        auto h = spawn_as(kind, [&] { return swallow_until(stop, swallowed); });
        h.cancel();
        until([&] { return swallowed > 1000; });
        stop = true;
        await(h.join());
        EXPECT_TRUE(h.successful());
    });
}

TEST(cancel, swallowed_for_ever_by_a_fiber_does_not_keep_the_thread) {
    on_every_loop([] {
        bool stop = false;
        int swallowed = 0;
        auto h = spawn([&] {
            while (!stop) {
                try {
                    await(for_ever());
                } catch (const cancelled&) {
                    ++swallowed;
                }
            }
        });
        h.cancel();
        until([&] { return swallowed > 1000; });
        stop = true;
        await(h);
    });
}

}  // namespace
