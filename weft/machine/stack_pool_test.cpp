#include "weft/machine/stack_pool.hpp"

#include "weft/machine/sanitizer.hpp"
#include "weft/machine/stack.hpp"
#include "weft/machine/stack_test.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace {

using weft::stack;
using weft::stack_pool_cache_max;
using weft::stack_pool_stats;
using weft::testing::acquire_many;
using weft::testing::use_deeply;

/// On a thread of its own, whose lists begin empty.
template <class Action>
void on_a_thread(Action action) {
    std::thread(action).join();
}

TEST(stack_pool, a_released_stack_is_reused_at_once) {
    const void* first = nullptr;
    {
        const stack mine = stack::acquire();
        first = mine.top();
    }
    const stack again = stack::acquire();
    EXPECT_EQ(again.top(), first);
}

TEST(stack_pool, each_geometry_has_its_own_stacks) {
    on_a_thread([] {
        for (std::size_t pages = 4; pages < 30; ++pages) {  // more than a thread has lists
            const stack one = stack::acquire(pages * 4096, 4096);
            const stack two = stack::acquire(pages * 4096, 8192);
            ASSERT_EQ(one.size(), pages * 4096);
            ASSERT_GE(two.guard_size(), 8192u);
            ASSERT_NE(one.top(), two.top());
        }
        const std::size_t before = stack_pool_stats().stacks;
        for (std::size_t pages = 4; pages < 30; ++pages) {
            const stack one = stack::acquire(pages * 4096, 4096);
            ASSERT_EQ(one.size(), pages * 4096);
        }
        EXPECT_EQ(stack_pool_stats().stacks, before) << "all of them were there";
    });
}

TEST(stack_pool, statistics_count_what_is_acquired_and_released) {
    on_a_thread([] {
        {
            const auto held = acquire_many(10);
            EXPECT_EQ(stack_pool_stats().acquired, 10u);
            EXPECT_EQ(stack_pool_stats().released, 0u);
        }
        const auto stats = stack_pool_stats();
        EXPECT_EQ(stats.released, 10u);
        EXPECT_GE(stats.cached_stacks, 10u);
        EXPECT_GE(stats.stacks, 10u);
        EXPECT_GE(stats.reserved_bytes, 10 * weft::default_stack_bytes);
        EXPECT_EQ(stats.guards_installed + stats.guards_mprotected + stats.canaries, stats.stacks);
    });
}

TEST(stack_pool, a_threads_list_is_bounded_and_the_rest_goes_to_the_depot) {
    on_a_thread([] {
        auto held = acquire_many(5 * stack_pool_cache_max);
        const std::size_t depot_before = stack_pool_stats().depot_stacks;
        held.clear();
        const auto stats = stack_pool_stats();
        EXPECT_LE(stats.cached_stacks, stack_pool_cache_max);
        EXPECT_GE(stats.depot_stacks - depot_before, 4 * stack_pool_cache_max);
    });
}

TEST(stack_pool, few_large_stacks_are_kept_by_a_thread) {
    on_a_thread([] {
        acquire_many(50, std::size_t{128} << 20).clear();
        EXPECT_LE(stack_pool_stats().cached_stacks, 8u);
    });
}

TEST(stack_pool, a_thread_that_ends_leaves_its_stacks_to_the_others) {
    const auto use = [] { acquire_many(300, 28 * 1024).clear(); };
    on_a_thread(use);
    const std::size_t peak = stack_pool_stats().stacks;
    for (int i = 0; i < 10; ++i) on_a_thread(use);
    EXPECT_EQ(stack_pool_stats().stacks, peak);
}

TEST(stack_pool, a_stack_may_be_released_on_another_thread_and_comes_back) {
    constexpr std::size_t batch = 400;
    std::size_t after_the_first = 0;
    for (int round = 0; round < 10; ++round) {
        auto held = acquire_many(batch, 36 * 1024);
        for (const stack& one : held) use_deeply(one, 64);
        on_a_thread([&] { held.clear(); });
        if (round == 0) after_the_first = stack_pool_stats().stacks;
    }
    EXPECT_EQ(stack_pool_stats().stacks, after_the_first);
}

TEST(stack_pool, threads_acquire_and_release_each_others_stacks_at_the_same_time) {
    constexpr std::size_t count = 4;
    constexpr std::size_t batch = 600;
    std::vector<std::vector<stack>> made(count);
    std::latch all_made(count);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < count; ++t) {
        threads.emplace_back([&, t] {
            made[t] = acquire_many(batch, 40 * 1024);
            for (const stack& one : made[t]) static_cast<char*>(one.top())[-1] = char(t);
            all_made.arrive_and_wait();
            auto& others = made[(t + 1) % count];
            for (const stack& one : others)
                EXPECT_EQ(static_cast<char*>(one.top())[-1], char((t + 1) % count));
            others.clear();
        });
    }
    for (std::thread& thread : threads) thread.join();
}

TEST(stack_pool, pages_used_deep_are_given_back_when_stacks_go_to_the_depot) {
    on_a_thread([] {
        auto held = acquire_many(2 * stack_pool_cache_max, 44 * 1024);
        for (const stack& one : held) use_deeply(one, 40 * 1024);
        held.clear();
        on_a_thread([] {  // which has nothing of its own
            const auto given = acquire_many(stack_pool_cache_max, 44 * 1024);
            for (const stack& one : given) ASSERT_LE(one.high_water(), 4096u);
        });
    });
}

TEST(stack_pool, pages_used_deep_are_given_back_now_and_then_while_one_thread_keeps_the_stack) {
    on_a_thread([] {
        constexpr std::size_t bytes = 48 * 1024;
        for (std::size_t i = 0; i < 3 * weft::stack_pool_look_every; ++i) {
            const stack mine = stack::acquire(bytes);
            if (i == 0) use_deeply(mine, 40 * 1024);
        }
        EXPECT_GE(stack_pool_stats().trimmed, 2u);
        const stack mine = stack::acquire(bytes);
        EXPECT_LE(mine.high_water(), weft::stack_pool_warm_bytes);
        EXPECT_GT(mine.high_water(), 8192u) << "the highest pages stay warm";
    });
}

TEST(stack_pool, a_stack_that_is_reused_has_no_owner_yet) {
    on_a_thread([] {
        {
            stack mine = stack::acquire();
            mine.set_name("gone");
        }
        const stack again = stack::acquire();
        EXPECT_EQ(weft::detail::find_stack(again.limit())->namer, nullptr);
    });
}

/// Released by the destructor of a thread-local object, which may run after the pool's own end.
struct late {
    stack held;
    ~late() {
        if (!held) return;
        held = stack();
        acquire_many(10).clear();
    }
};

TEST(stack_pool, stacks_may_be_used_while_the_thread_ends) {
    const auto use = [] {
        static thread_local late at_end;  // before the pool's own, so destroyed after it
        at_end.held = stack();
        at_end.held = stack::acquire();
    };
    on_a_thread(use);
    const std::size_t peak = stack_pool_stats().stacks;
    for (int i = 0; i < 10; ++i) on_a_thread(use);
    EXPECT_EQ(stack_pool_stats().stacks, peak);
}

}  // namespace
