#include "weft/core/from.hpp"

#include "weft/base/small_stack_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

// A chain of 50,000 generators fits a stack of 256 KiB, whatever is done with it.

namespace {

using weft::from;
using weft::generator;
using weft::generator_state;
using weft::testing::on_small_stack;

constexpr int depth = 50'000;

struct tally {
    int destroyed = 0;
    int next_expected = 0;  // each level leaves after the one below it
    bool in_order = true;
};

/// Knows its level, and whether the deeper levels were destroyed before it.
class level_guard {
public:
    level_guard(tally& to, int level) : tally_(to), level_(level) {}
    level_guard(const level_guard&) = delete;
    level_guard& operator=(const level_guard&) = delete;
    ~level_guard() {
        ++tally_.destroyed;
        tally_.in_order = tally_.in_order && tally_.next_expected == level_;
        ++tally_.next_expected;
    }

private:
    tally& tally_;
    int level_;
};

generator<int> temporary(int n, tally& to) {
    const level_guard guard(to, n);
    if (n > 0) co_yield from(temporary(n - 1, to));
    co_yield n;
}

generator<int> borrowed(int n, tally& to) {
    const level_guard guard(to, n);
    if (n > 0) {
        auto inner = borrowed(n - 1, to);
        co_yield from(inner);
    }
    co_yield n;
}

using maker = generator<int> (*)(int, tally&);

class from_depth : public ::testing::TestWithParam<maker> {
protected:
    [[nodiscard]] generator<int> chain() { return GetParam()(depth, seen); }
    void expect_all_gone_in_order() const {
        EXPECT_EQ(seen.destroyed, depth + 1);
        EXPECT_TRUE(seen.in_order);
    }
    tally seen;
};

TEST_P(from_depth, runs_to_the_end) {
    on_small_stack([&] {
        auto g = chain();
        int expected = 0;
        for (const int n : g) EXPECT_EQ(n, expected++);
        EXPECT_EQ(expected, depth + 1);
    });
    expect_all_gone_in_order();
}

TEST_P(from_depth, is_destroyed_from_the_leaf_up) {
    on_small_stack([&] {
        auto g = chain();
        g.next();
    });
    expect_all_gone_in_order();
}

TEST_P(from_depth, an_exception_passes_all_levels) {
    on_small_stack([&] {
        auto g = chain();
        g.next();
        EXPECT_THROW(g.throw_(std::runtime_error("x")), std::runtime_error);
        EXPECT_EQ(g.state(), generator_state::closed);
    });
    expect_all_gone_in_order();
}

TEST_P(from_depth, close_closes_all_levels) {
    on_small_stack([&] {
        auto g = chain();
        g.next();
        g.close();
        EXPECT_EQ(g.state(), generator_state::closed);
    });
    expect_all_gone_in_order();
}

TEST_P(from_depth, the_chain_can_be_walked) {
    on_small_stack([&] {
        auto g = chain();
        g.next();
        // Each delegate() walks up from the leaf, so only a few levels are asked.
        auto inner = g.delegate();
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(inner.state(), generator_state::suspended);
            inner = inner.delegate();
        }
    });
}

std::string name_of(const ::testing::TestParamInfo<maker>& kind) {
    return kind.param == &temporary ? "temporary" : "borrowed";
}
INSTANTIATE_TEST_SUITE_P(each_kind, from_depth, ::testing::Values(&temporary, &borrowed), &name_of);

generator<int, void, int> counted_down(int n) {
    co_yield n;
    if (n == 0) co_return 0;
    const int below = co_yield from(counted_down(n - 1));
    co_return below + 1;
}

TEST(from_depth_result, return_values_come_up_through_all_levels) {
    on_small_stack([] {
        auto g = counted_down(depth);
        while (g.next()) {}
        EXPECT_EQ(g.result(), depth);
    });
}

/// The inner one lies neither in a frame nor on the stack: it outlives its outer at each level.
generator<int> through(std::optional<generator<int>>& inner) {
    if (inner) co_yield from(*inner);
    co_yield 1;
}

TEST(from_depth_outside, a_long_chain_of_borrowed_generators_is_taken_apart_and_goes_on) {
    on_small_stack([] {
        std::vector<std::optional<generator<int>>> links(depth);
        std::optional<generator<int>> none;
        for (int i = 0; i < depth; ++i) links[i].emplace(through(i == 0 ? none : links[i - 1]));
        EXPECT_EQ(links.back()->next(), 1);
        links.back().reset();
        EXPECT_EQ(links[depth - 2]->next(), 1);
        int rest = 1;
        while (links[depth - 2]->next()) ++rest;
        EXPECT_EQ(rest, depth - 2);
    });
}

generator<int> flood(int n) {
    for (int i = 0; i < n; ++i) {
        auto inner = [](int value) -> generator<int> { co_yield value; }(i);
        co_yield from(inner);
    }
}

TEST(from_depth_wide, many_delegations_in_a_row_keep_the_stack_flat) {
    on_small_stack([] {
        long sum = 0;
        for (const int n : flood(depth)) sum += n;
        EXPECT_EQ(sum, long{depth} * (depth - 1) / 2);
    });
}

}  // namespace
