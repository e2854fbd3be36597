#include "weft/core/generator.hpp"
#include "weft/core/greenlet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::generator;
using weft::greenlet;

/// A tree's values by recursion, without a generator a level: the greenlet keeps the recursion.
void walk(int low, int high, greenlet& to) {
    if (low >= high) return;
    const int middle = (low + high) / 2;
    walk(low, middle, to);
    to.switch_to<void>(middle);
    walk(middle + 1, high, to);
}

generator<int> in_order(int size) {
    greenlet here = greenlet::current();
    greenlet walker([&here, size] {
        walk(0, size, here);
        return -1;
    });
    for (int value = walker.switch_to<int>(); value >= 0; value = walker.switch_to<int>())
        co_yield value;
}

TEST(greenlet_generator, a_generator_hands_out_what_a_greenlet_finds) {
    std::vector<int> values;
    for (int value : in_order(7)) values.push_back(value);
    EXPECT_THAT(values, ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(greenlet_generator, one_that_is_left_early_unwinds_the_greenlet) {
    auto values = in_order(7);
    EXPECT_EQ(values.next(), 0);
    EXPECT_EQ(values.next(), 1);
}

generator<int> switching(greenlet& other) {
    for (int i = 0;; ++i) {
        other.switch_to();
        co_yield i;
    }
}

TEST(greenlet_generator, the_body_of_a_generator_may_switch_away_and_come_back) {
    greenlet main = greenlet::current();
    int steps = 0;
    greenlet g([&] {
        for (;; ++steps) main.switch_to();
    });
    auto numbers = switching(g);
    EXPECT_EQ(numbers.next(), 0);
    EXPECT_EQ(numbers.next(), 1);
    EXPECT_EQ(steps, 1);
}

TEST(greenlet_generator, one_that_runs_in_a_suspended_greenlet_is_running) {
    greenlet main = greenlet::current();
    auto numbers = switching(main);
    greenlet g([&] { numbers.next(); });
    g.switch_to();
    EXPECT_THROW(numbers.next(), weft::already_executing);
}

TEST(greenlet_generator, greenlets_nest) {
    greenlet outer([](int depth) {
        const auto dive = [](auto& self, int left) -> int {
            if (left == 0) return 0;
            greenlet inner([&self](int n) { return self(self, n) + 1; });
            return inner.switch_to<int>(left - 1);
        };
        return dive(dive, depth);
    });
    EXPECT_EQ(outer.switch_to<int>(50), 50);
}

}  // namespace
