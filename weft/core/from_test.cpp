#include "weft/core/from.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::from;
using weft::generator;
using weft::generator_state;
using weft::nothing;
using weft::testing::farewell;
using weft::testing::thrown;

template <class Generator>
std::vector<int> all(Generator& g) {
    std::vector<int> values;
    while (auto item = g.next()) values.push_back(*item);
    return values;
}

generator<int> numbers(int first, int last) {
    for (int i = first; i <= last; ++i) co_yield i;
}

generator<int> pass(generator<int>& inner) {
    co_yield from(inner);
}

TEST(from, yields_what_a_temporary_generator_yields) {
    auto g = []() -> generator<int> {
        co_yield 0;
        co_yield from(numbers(1, 3));
        co_yield from(numbers(1, 0));
        co_yield 4;
    }();
    EXPECT_THAT(all(g), ElementsAre(0, 1, 2, 3, 4));
}

TEST(from, elements_of_is_the_same) {
    auto g = []() -> generator<int> { co_yield weft::elements_of(numbers(1, 2)); }();
    EXPECT_THAT(all(g), ElementsAre(1, 2));
}

TEST(from, starts_the_inner_one_only_when_it_is_reached) {
    bool started = false;
    auto g = [](bool* flag) -> generator<int> {
        co_yield 1;
        co_yield from([](bool* f) -> generator<int> {
            *f = true;
            co_yield 2;
        }(flag));
    }(&started);
    g.next();
    EXPECT_FALSE(started);
    g.next();
    EXPECT_TRUE(started);
}

TEST(from, a_variable_is_borrowed_and_stays_with_its_owner) {
    auto inner = numbers(1, 3);
    auto outer = pass(inner);
    EXPECT_THAT(all(outer), ElementsAre(1, 2, 3));
    EXPECT_EQ(inner.state(), generator_state::closed);
    EXPECT_FALSE(inner.next());
}

TEST(from, goes_on_where_a_variable_stands) {
    auto inner = numbers(1, 4);
    inner.next();
    inner.next();
    auto outer = pass(inner);
    EXPECT_THAT(all(outer), ElementsAre(3, 4));
}

TEST(from, a_variable_outlives_its_outer_and_goes_on) {
    auto inner = numbers(1, 4);
    {
        auto outer = pass(inner);
        EXPECT_EQ(outer.next(), 1);
        EXPECT_EQ(outer.next(), 2);
    }
    EXPECT_EQ(inner.state(), generator_state::suspended);
    EXPECT_EQ(inner.next(), 3);
    auto second = pass(inner);
    EXPECT_THAT(all(second), ElementsAre(4));
}

TEST(from, a_chain_outlives_its_outer_and_goes_on) {
    auto leaf = numbers(1, 4);
    auto middle = pass(leaf);
    {
        auto outer = pass(middle);
        EXPECT_EQ(outer.next(), 1);
    }
    EXPECT_EQ(middle.next(), 2);
    EXPECT_THAT(thrown<weft::already_executing>([&] { leaf.next(); }), HasSubstr("delegated to"));
    { const auto gone = std::move(middle); }
    EXPECT_THAT(all(leaf), ElementsAre(3, 4));
}

TEST(from, a_suspended_chain_joins_a_new_outer) {
    auto leaf = numbers(1, 5);
    auto middle = pass(leaf);
    EXPECT_EQ(middle.next(), 1);
    auto outer = pass(middle);
    EXPECT_THAT(all(outer), ElementsAre(2, 3, 4, 5));
    EXPECT_FALSE(middle.next());
    EXPECT_FALSE(leaf.next());
}

TEST(from, a_variable_may_move_while_it_is_delegated_to) {
    auto inner = numbers(1, 4);
    auto outer = pass(inner);
    EXPECT_EQ(outer.next(), 1);
    auto moved = std::move(inner);
    EXPECT_EQ(outer.next(), 2);
    EXPECT_THAT(thrown<weft::already_executing>([&] { moved.next(); }), HasSubstr("delegated to"));
    inner = numbers(9, 9);  // The old object is free for another.
    EXPECT_THAT(all(outer), ElementsAre(3, 4));
    EXPECT_FALSE(moved.next());
    EXPECT_EQ(inner.next(), 9);
}

TEST(from, a_variable_may_move_and_its_outer_be_destroyed) {
    auto inner = numbers(1, 3);
    std::optional<generator<int>> outer = pass(inner);
    outer->next();
    auto moved = std::move(inner);
    outer.reset();
    EXPECT_THAT(all(moved), ElementsAre(2, 3));
}

generator<int, void, std::string> told(int n) {
    co_yield n;
    co_return "told " + std::to_string(n);
}

TEST(from, a_moved_variable_gives_its_result_to_the_outer) {
    auto inner = told(1);
    std::string result;
    auto outer = [](generator<int, void, std::string>* g, std::string* to) -> generator<int> {
        *to = co_yield from(*g);
    }(&inner, &result);
    outer.next();
    auto moved = std::move(inner);
    EXPECT_FALSE(outer.next());
    EXPECT_EQ(result, "told 1");
    EXPECT_EQ(moved.state(), generator_state::closed);
    EXPECT_THAT(thrown<weft::usage_error>([&] { moved.result(); }), HasSubstr("once"));
}

// A generator that had a chain of its own when it was joined kept pointing to that chain's leaf.
TEST(from, a_suspended_chain_with_results_joins_a_new_outer_and_ends) {
    auto middle = [](int) -> generator<int, void, std::string> {
        co_return co_yield from(told(1));
    }(0);
    EXPECT_EQ(middle.next(), 1);
    std::string result;
    auto outer = [](generator<int, void, std::string>* g, std::string* to) -> generator<int> {
        *to = co_yield from(*g);
        co_yield 2;
    }(&middle, &result);
    EXPECT_EQ(outer.next(), 2);
    EXPECT_EQ(result, "told 1");
    EXPECT_EQ(middle.state(), generator_state::closed);
    EXPECT_FALSE(outer.next());
}

TEST(from, the_outer_may_move_while_it_delegates) {
    auto g = []() -> generator<int> { co_yield from(numbers(1, 3)); }();
    g.next();
    auto moved = std::move(g);
    EXPECT_THAT(all(moved), ElementsAre(2, 3));
}

TEST(from, its_value_is_the_inner_return_value) {
    auto g = []() -> generator<int, void, std::string> {
        const std::string first = co_yield from(told(1));
        const std::string second = co_yield from(told(2));
        co_return first + ", " + second;
    }();
    EXPECT_THAT(all(g), ElementsAre(1, 2));
    EXPECT_EQ(g.result(), "told 1, told 2");
}

generator<int, void, int> nested(int depth) {
    co_yield depth;
    if (depth == 0) co_return 100;
    const int below = co_yield from(nested(depth - 1));
    co_return below + depth;
}

TEST(from, return_values_pass_through_several_levels) {
    auto g = nested(4);
    EXPECT_THAT(all(g), ElementsAre(4, 3, 2, 1, 0));
    EXPECT_EQ(g.result(), 110);
}

TEST(from, a_finished_variable_yields_nothing_and_gives_the_result_it_still_has) {
    auto inner = told(1);
    while (inner.next()) {}
    std::string result;
    auto outer = [](generator<int, void, std::string>* g, std::string* to) -> generator<int> {
        *to = co_yield from(*g);
        co_yield 2;
        *to = co_yield from(*g);
    }(&inner, &result);
    EXPECT_EQ(outer.next(), 2);
    EXPECT_EQ(result, "told 1");
    EXPECT_THAT(thrown<weft::usage_error>([&] { outer.next(); }), HasSubstr("once"));
}

TEST(from, a_closed_variable_has_no_result_to_give) {
    auto inner = told(1);
    inner.close();
    auto outer = [](generator<int, void, std::string>* g) -> generator<int> {
        const std::string got = co_yield from(*g);
    }(&inner);
    EXPECT_THAT(thrown<weft::usage_error>([&] { outer.next(); }),
                AllOf(HasSubstr("co_yield from(inner)"), HasSubstr("no result"),
                      HasSubstr("test inner.state()")));
}

TEST(from, a_closed_variable_without_a_result_yields_nothing) {
    auto inner = numbers(1, 3);
    inner.close();
    auto outer = pass(inner);
    EXPECT_FALSE(outer.next());
}

TEST(from, a_moved_from_variable_is_a_clear_error) {
    auto inner = numbers(1, 3);
    const auto taken = std::move(inner);
    auto outer = pass(inner);
    EXPECT_THAT(thrown<weft::usage_error>([&] { outer.next(); }), HasSubstr("moved from"));
}

generator<int, int, int> sum_of(int count) {
    int sum = 0;
    while (count-- > 0) sum += co_yield sum;
    co_return sum;
}

TEST(from, what_is_sent_goes_to_the_innermost) {
    auto g = []() -> generator<int, int, int> {
        const int first = co_yield from(sum_of(2));
        const int own = co_yield -1;
        co_return first* own;
    }();
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.send(3), 3);
    EXPECT_EQ(g.send(4), -1);
    EXPECT_FALSE(g.send(10));
    EXPECT_EQ(g.result(), 70);
}

TEST(from, a_value_sent_once_is_seen_once) {
    std::vector<std::optional<int>> seen;
    using receiver = generator<void, std::optional<int>>;
    auto g = [](std::vector<std::optional<int>>* to) -> receiver {
        auto inner = [](std::vector<std::optional<int>>* into) -> receiver {
            into->push_back(co_yield nothing);
        };
        co_yield from(inner(to));
        co_yield from(inner(to));
    }(&seen);
    g.next();
    g.send(1);
    g.next();
    EXPECT_THAT(seen, ElementsAre(std::optional(1), std::nullopt));
}

TEST(from, what_was_sent_before_is_not_seen_by_a_borrowed_inner) {
    auto inner = []() -> generator<int, int> {
        for (;;) {
            const int got = co_yield 0;
            co_yield got;
        }
    }();
    inner.next();
    inner.send(5);
    inner.next();  // at the first co_yield again
    auto outer = [](generator<int, int>* to) -> generator<int, int> { co_yield from(*to); }(&inner);
    EXPECT_EQ(outer.next(), 0);  // It was resumed with nothing.
    EXPECT_EQ(outer.send(7), 0);
    EXPECT_EQ(outer.send(8), 8);
}

TEST(from, an_error_of_the_inner_one_passes_through_the_outer) {
    const auto failing = []() -> generator<int> {
        co_yield 1;
        throw std::runtime_error("inner failed");
    };
    auto through = [](auto make) -> generator<int> { co_yield from(make()); }(failing);
    through.next();
    EXPECT_EQ(thrown<std::runtime_error>([&] { through.next(); }), "inner failed");
    EXPECT_FALSE(through.next());

    auto handled = [](auto make) -> generator<int> {
        int after = 0;
        try {
            co_yield from(make());
        } catch (const std::runtime_error&) {
            after = 2;
        }
        co_yield after;
    }(failing);
    EXPECT_THAT(all(handled), ElementsAre(1, 2));
}

TEST(from, an_error_of_a_borrowed_inner_is_reported_once) {
    auto inner = []() -> generator<int> {
        co_yield 1;
        throw std::runtime_error("inner failed");
    }();
    auto outer = pass(inner);
    outer.next();
    EXPECT_THROW(outer.next(), std::runtime_error);
    EXPECT_FALSE(inner.next());
    EXPECT_EQ(inner.state(), generator_state::closed);
}

generator<int> with_farewell(std::vector<std::string>& log, const char* name) {
    const farewell mine(log, std::string(name));
    co_yield 1;
}

TEST(from, an_inner_one_is_released_when_it_ends) {
    std::vector<std::string> log;
    auto g = [](std::vector<std::string>* to) -> generator<int> {
        const farewell mine(*to, std::string("outer"));
        co_yield from(with_farewell(*to, "inner"));
        to->emplace_back("between");
        co_yield 2;
    }(&log);
    g.next();
    g.next();
    EXPECT_THAT(log, ElementsAre("inner", "between"));
}

TEST(from, destruction_goes_from_the_leaf_to_the_root) {
    std::vector<std::string> log;
    {
        auto g = [](std::vector<std::string>* to) -> generator<int> {
            const farewell mine(*to, std::string("outer"));
            co_yield from([](std::vector<std::string>* t) -> generator<int> {
                const farewell also(*t, std::string("middle"));
                co_yield from(with_farewell(*t, "leaf"));
            }(to));
        }(&log);
        g.next();
    }
    EXPECT_THAT(log, ElementsAre("leaf", "middle", "outer"));
}

TEST(from, works_between_generators_that_only_receive) {
    std::vector<int> got;
    const auto two = [](std::vector<int>* to) -> generator<void, int> {
        for (int i = 0; i < 2; ++i) to->push_back(co_yield nothing);
    };
    auto g = [](std::vector<int>* to, auto inner) -> generator<void, int> {
        co_yield from(inner(to));
        co_yield from(inner(to));
    }(&got, two);
    g.next();
    for (int i = 1; i < 5; ++i) g.send(i);
    EXPECT_THAT(got, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(g.state(), generator_state::closed);
}

}  // namespace
