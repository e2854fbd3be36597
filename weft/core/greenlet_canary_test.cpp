// Greenlets where the kernel has no guards to give: each stack has a canary, which is looked at
// when the greenlet is left, so switches go the long way.

#include "weft/core/greenlet.hpp"
#include "weft/machine/sanitizer.hpp"
#include "weft/machine/stack_test.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using weft::greenlet;
using weft::stack_guard;
using weft::testing::forced_guard;

/// In a thread of its own, whose switches go the long way from then on.
template <class Action>
void on_a_thread(Action action) {
    const forced_guard kind(stack_guard::canary);
    std::thread(action).join();
}

TEST(greenlet_canary, values_cross_both_ways) {
    on_a_thread([] {
        greenlet main = greenlet::current();
        greenlet doubler([main](int n) mutable {
            for (;;) n = main.switch_to<int>(2 * n);
        });
        for (int i = 0; i < 100; ++i) EXPECT_EQ(doubler.switch_to<int>(i), 2 * i);
    });
}

TEST(greenlet_canary, peers_take_turns_and_results_reach_the_parent) {
    on_a_thread([] {
        std::string order;
        greenlet* other = nullptr;
        greenlet first([&] {
            for (int i = 0; i < 3; ++i) {
                order += 'a';
                other->switch_to();
            }
            return order;
        });
        greenlet second([&] {
            for (;;) {
                order += 'b';
                first.switch_to();
            }
        });
        other = &second;
        EXPECT_EQ(first.switch_to<std::string>(), "ababab");
    });
}

TEST(greenlet_canary, errors_cross_and_a_dropped_one_is_unwound) {
    on_a_thread([] {
        bool unwound = false;
        struct note {
            bool& set;
            ~note() { set = true; }
        };
        greenlet main = greenlet::current();
        {
            greenlet g([&] {
                const note last{unwound};
                try {
                    main.switch_to();
                } catch (const std::runtime_error&) {}
                main.switch_to();
            });
            g.switch_to();
            g.throw_(std::runtime_error("in"));
            EXPECT_FALSE(unwound);
        }
        EXPECT_TRUE(unwound);
        greenlet thrower([] { throw std::logic_error("out"); });
        EXPECT_THROW(thrower.switch_to(), std::logic_error);
    });
}

#if !WEFT_ASAN && !WEFT_TSAN

constexpr std::size_t small = std::size_t{32} * 1024;

TEST(greenlet_canary, an_overflow_is_reported_at_the_next_switch_away) {
    const forced_guard kind(stack_guard::canary);
    EXPECT_DEATH(
        {
            greenlet main = greenlet::current();
            greenlet deep(
                [&main] {
                    weft::testing::recurse(400);
                    main.switch_to();
                },
                weft::greenlet_options{}.stack(small));
            deep.switch_to();
        },
        "stack overflow in a greenlet\n.*has 32768 bytes");
}

TEST(greenlet_canary, an_overflow_is_reported_when_the_body_ends) {
    const forced_guard kind(stack_guard::canary);
    EXPECT_DEATH(
        {
            greenlet deep([] { weft::testing::recurse(400); },
                          weft::greenlet_options{}.stack(small));
            deep.switch_to();
        },
        "stack overflow in a greenlet");
}

#endif

}  // namespace
