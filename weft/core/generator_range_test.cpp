#include "weft/core/generator.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <algorithm>
#include <concepts>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::generator;
using weft::generator_state;
using weft::testing::farewell;
using weft::testing::thrown;

generator<int> numbers(int first, int last) {
    for (int i = first; i <= last; ++i) co_yield i;
}

template <class Range>
std::vector<int> all(Range&& range) {
    std::vector<int> values;
    for (int value : range) values.push_back(value);
    return values;
}

template <class T>
concept move_only = std::movable<T> && !std::copyable<T>;

static_assert(std::ranges::input_range<generator<int>>);
static_assert(!std::ranges::forward_range<generator<int>>);
static_assert(std::ranges::view<generator<int>>);
static_assert(std::ranges::viewable_range<generator<int>>);
static_assert(move_only<generator<int>>);
static_assert(move_only<generator<int>::iterator>);
static_assert(sizeof(generator<int>::iterator) == sizeof(void*));
static_assert(std::input_iterator<generator<int>::iterator>);
static_assert(std::ranges::input_range<generator<const std::string&, void, int>>);
static_assert(std::ranges::input_range<generator<std::unique_ptr<int>>>);
// What receives is no range: a loop would send nothing.
static_assert(!std::ranges::range<generator<int, int>>);
static_assert(!std::ranges::range<generator<void>>);
static_assert(!std::ranges::view<generator<int, int>>);
// References as in C++23's std::generator.
static_assert(std::same_as<std::ranges::range_reference_t<generator<int>>, int&&>);
static_assert(std::same_as<std::ranges::range_reference_t<generator<int&>>, int&>);
static_assert(std::same_as<std::ranges::range_reference_t<generator<const int&>>, const int&>);
static_assert(std::same_as<std::ranges::range_value_t<generator<const int&>>, int>);

TEST(generator_range, is_used_in_a_range_for) {
    EXPECT_THAT(all(numbers(1, 4)), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(all(numbers(1, 0)), ElementsAre());
}

TEST(generator_range, goes_on_where_the_last_next_stopped) {
    auto g = numbers(1, 5);
    g.next();
    g.next();
    EXPECT_THAT(all(g), ElementsAre(3, 4, 5));
}

TEST(generator_range, goes_on_after_a_break) {
    auto g = numbers(1, 5);
    for (const int n : g)
        if (n == 2) break;
    EXPECT_EQ(g.next(), 3);
    EXPECT_THAT(all(g), ElementsAre(4, 5));
}

TEST(generator_range, is_empty_once_it_has_ended) {
    auto g = numbers(1, 2);
    EXPECT_THAT(all(g), ElementsAre(1, 2));
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_THAT(all(g), ElementsAre());
    EXPECT_FALSE(g.next());
}

TEST(generator_range, an_error_leaves_the_loop_once) {
    auto g = []() -> generator<int> {
        co_yield 1;
        throw std::runtime_error("in a loop");
    }();
    int seen = 0;
    EXPECT_EQ(thrown<std::runtime_error>([&] {
                  for (const int n : g) seen += n;
              }),
              "in a loop");
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
    g.close();
}

TEST(generator_range, an_error_before_the_first_value_leaves_begin) {
    auto g = []() -> generator<int> {
        if (true) throw std::runtime_error("at once");
        co_yield 1;
    }();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.begin(); }), "at once");
    EXPECT_THAT(all(g), ElementsAre());
}

TEST(generator_range, its_result_is_there_after_the_loop) {
    auto g = []() -> generator<int, void, std::string> {
        co_yield 1;
        co_return "done";
    }();
    EXPECT_THAT(all(g), ElementsAre(1));
    EXPECT_EQ(g.result(), "done");
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.result(); }), HasSubstr("once"));
}

TEST(generator_range, locals_are_released_when_the_loop_ends) {
    std::vector<std::string> log;
    auto g = [](std::vector<std::string>* to) -> generator<int> {
        const farewell mine(*to, std::string("local"));
        co_yield 1;
    }(&log);
    EXPECT_THAT(all(g), ElementsAre(1));
    EXPECT_THAT(log, ElementsAre("local"));
}

TEST(generator_range, arguments_are_released_when_the_generator_is_used_again_or_goes) {
    const auto make = [](auto argument) -> generator<int> {
        static_cast<void>(argument);
        co_yield 1;
    };
    std::vector<std::string> log;
    {
        auto g = make(farewell(log, std::string("used again")));
        all(g);
        EXPECT_FALSE(g.next());
        EXPECT_THAT(log, ElementsAre("used again"));
    }
    all(make(farewell(log, std::string("gone"))));
    EXPECT_THAT(log, ElementsAre("used again", "gone"));
}

TEST(generator_range, works_with_take_filter_and_transform) {
    const auto even = [](int n) { return n % 2 == 0; };
    const auto square = [](int n) { return n * n; };
    EXPECT_THAT(all(numbers(1, 100) | std::views::filter(even) | std::views::transform(square) |
                    std::views::take(3)),
                ElementsAre(4, 16, 36));
    auto g = numbers(1, 100);
    EXPECT_THAT(all(std::ranges::ref_view(g) | std::views::take(2)), ElementsAre(1, 2));
}

TEST(generator_range, works_with_drop_and_join) {
    EXPECT_THAT(all(numbers(1, 5) | std::views::drop(3)), ElementsAre(4, 5));
    const auto up_to = [](int n) { return numbers(1, n); };
    EXPECT_THAT(all(numbers(1, 3) | std::views::transform(up_to) | std::views::join),
                ElementsAre(1, 1, 2, 1, 2, 3));
}

TEST(generator_range, works_with_algorithms_of_one_pass) {
    EXPECT_EQ(std::ranges::count_if(numbers(1, 10), [](int n) { return n > 3; }), 7);
    EXPECT_EQ(std::ranges::distance(numbers(1, 10)), 10);
    std::vector<int> copied;
    std::ranges::copy(numbers(1, 3), std::back_inserter(copied));
    EXPECT_THAT(copied, ElementsAre(1, 2, 3));
}

TEST(generator_range, a_view_of_it_keeps_it_alive_and_can_be_moved) {
    auto view = numbers(1, 10) | std::views::take(3);
    auto moved = std::move(view);
    EXPECT_THAT(all(moved), ElementsAre(1, 2, 3));
}

TEST(generator_range, the_iterator_survives_a_move_of_the_generator) {
    auto g = numbers(1, 3);
    auto it = g.begin();
    const auto moved = std::move(g);
    EXPECT_EQ(*it, 1);
    ++it;
    EXPECT_EQ(*it, 2);
    it++;
    ++it;
    EXPECT_TRUE(it == std::default_sentinel);
}

TEST(generator_range, the_iterator_sees_what_a_delegation_has_reached) {
    auto g = numbers(1, 3);
    const auto it = g.begin();
    {
        auto outer = [](generator<int>* inner) -> generator<int> {
            co_yield weft::from(*inner);
        }(&g);
        EXPECT_EQ(outer.next(), 2);
    }
    EXPECT_EQ(*it, 2);
}

TEST(generator_range, the_iterator_reaches_into_what_is_yielded) {
    auto g = []() -> generator<std::string> { co_yield std::string("abc"); }();
    const auto it = g.begin();
    EXPECT_EQ(it->size(), 3u);
    const std::string taken = *it;
    EXPECT_EQ(taken, "abc");
}

TEST(generator_range, values_can_be_moved_out_of_it) {
    auto g = [](int n) -> generator<std::unique_ptr<int>> {
        for (int i = 0; i < n; ++i) co_yield std::make_unique<int>(i);
    }(3);
    std::vector<std::unique_ptr<int>> taken;
    for (auto&& value : g) taken.push_back(std::forward<decltype(value)>(value));
    EXPECT_EQ(taken.size(), 3u);
    EXPECT_EQ(*taken[2], 2);
}

TEST(generator_range, begin_on_a_moved_from_generator_is_a_clear_error) {
    auto g = numbers(1, 3);
    const auto taken = std::move(g);
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.begin(); }), HasSubstr("moved from"));
}

TEST(generator_range, one_in_its_own_body_is_refused) {
    generator<int>* self = nullptr;
    auto g = [](generator<int>** me) -> generator<int> {
        co_yield 0;
        for (const int n : **me) co_yield n;
    }(&self);
    self = &g;
    EXPECT_THAT(thrown<weft::already_executing>([&] { all(g); }),
                AllOf(HasSubstr("next()"), HasSubstr("running already")));
}

#ifndef NDEBUG
TEST(generator_range, a_step_inside_its_own_body_is_refused_in_debug_builds) {
    generator<int>::iterator* self = nullptr;
    auto g = [](generator<int>::iterator** me) -> generator<int> {
        co_yield 0;
        ++**me;
    }(&self);
    auto it = g.begin();
    self = &it;
    EXPECT_THAT(thrown<weft::already_executing>([&] { ++it; }), HasSubstr("++ on an iterator"));
}
#endif

}  // namespace
