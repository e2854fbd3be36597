// Greenlets inside fibers: each fiber has its own, with a root that stands for the fiber.

#include "weft/core/await.hpp"
#include "weft/core/greenlet.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::greenlet;

TEST(greenlet_fiber, current_is_the_fibers_own) {
    weft::testing::on_every_loop([] {
        const greenlet mine = greenlet::current();
        auto other = weft::spawn([&] {
            EXPECT_NE(greenlet::current(), mine);
            await(weft::yield_now());
            EXPECT_NE(greenlet::current(), mine);
        });
        await(weft::yield_now());
        EXPECT_EQ(greenlet::current(), mine);
        await(other);
        EXPECT_EQ(greenlet::current(), mine);
    });
}

TEST(greenlet_fiber, a_greenlet_that_awaits_suspends_the_fiber) {
    weft::testing::on_every_loop([] {
        std::vector<int> order;
        auto other = weft::spawn([&] {
            await(weft::sleep(1ms));
            order.push_back(2);
        });
        greenlet g([&] {
            order.push_back(1);
            await(weft::sleep(20ms));
            order.push_back(3);
            return 4;
        });
        order.push_back(g.switch_to<int>());
        EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
        await(other);
    });
}

TEST(greenlet_fiber, many_fibers_each_with_greenlets_do_not_mix) {
    weft::testing::on_every_loop([] {
        std::vector<weft::join_handle<int>> all;
        for (int i = 0; i < 20; ++i)
            all.push_back(weft::spawn([i] {
                greenlet counter([](int from) {
                    for (;;) {
                        await(weft::yield_now());
                        from = greenlet::current().parent().switch_to<int>(from + 1);
                    }
                });
                int n = i;
                for (int k = 0; k < 5; ++k) n = counter.switch_to<int>(n);
                return n;
            }));
        for (int i = 0; i < 20; ++i) EXPECT_EQ(await(all[static_cast<std::size_t>(i)]), i + 5);
    });
}

TEST(greenlet_fiber, another_fibers_greenlet_is_refused) {
    weft::testing::on_every_loop([] {
        greenlet g([] {});
        auto other = weft::spawn([&] { EXPECT_THROW(g.switch_to<void>(), weft::usage_error); });
        await(other);
        g.switch_to<void>();
        EXPECT_TRUE(g.dead());
    });
}

}  // namespace
