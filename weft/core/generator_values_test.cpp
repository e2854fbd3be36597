#include "weft/core/generator.hpp"

#include "weft/base/counted_test.hpp"

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// What is yielded and returned is copied no more often than the program asks for.

namespace {

using ::testing::ElementsAre;
using weft::generator;
using weft::testing::counted;

TEST(generator_values, a_temporary_is_handed_out_in_place) {
    using item = counted<struct in_place_tag>;
    auto g = []() -> generator<item> { co_yield item(1); }();
    item::reset();
    EXPECT_EQ(g.next()->value, 1);
    EXPECT_EQ(item::now.copies + item::now.moves, 0);
    EXPECT_EQ(item::now.live, 1);
    g.next();
    EXPECT_EQ(item::now.live, 0);
}

TEST(generator_values, a_variable_is_copied_once_because_the_receiver_may_move_it_out) {
    using item = counted<struct variable_tag>;
    item::reset();
    auto g = []() -> generator<item> {
        const item mine(1);
        co_yield mine;
        co_yield mine;
    }();
    EXPECT_EQ(g.next()->value, 1);
    const item taken = *g.next();
    EXPECT_EQ(taken.value, 1);
    EXPECT_EQ(item::now.copies, 2);
    EXPECT_EQ(item::now.moves, 1);
}

TEST(generator_values, a_moved_variable_is_not_copied) {
    using item = counted<struct moved_tag>;
    item::reset();
    auto g = []() -> generator<item> {
        item mine(1);
        co_yield std::move(mine);
    }();
    const item taken = *g.next();
    EXPECT_EQ(taken.value, 1);
    EXPECT_EQ(item::now.copies, 0);
}

TEST(generator_values, a_reference_is_the_very_object) {
    using item = counted<struct reference_tag, 4096>;
    item mine(1);
    item::reset();
    auto g = [](item* to) -> generator<item&> {
        co_yield *to;
        co_yield *to;
    }(&mine);
    EXPECT_EQ(&*g.next(), &mine);
    for (item& same : g) {
        EXPECT_EQ(&same, &mine);
        same.value = 2;
    }
    EXPECT_EQ(mine.value, 2);
    EXPECT_EQ(item::now.copies + item::now.moves, 0);
}

TEST(generator_values, a_const_reference_takes_variables_and_temporaries_without_a_copy) {
    using item = counted<struct const_reference_tag, 4096>;
    item::reset();
    auto g = []() -> generator<const item&> {
        const item mine(1);
        co_yield mine;
        co_yield item(2);
    }();
    int sum = 0;
    for (const item& value : g) sum += value.value;
    EXPECT_EQ(sum, 3);
    EXPECT_EQ(item::now.copies + item::now.moves, 0);
    EXPECT_EQ(item::now.live, 0);
}

TEST(generator_values, move_only_values_are_yielded_and_taken) {
    auto g = []() -> generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(1);
        auto named = std::make_unique<int>(2);
        co_yield std::move(named);
    }();
    const std::unique_ptr<int> first = *g.next();
    const std::unique_ptr<int> second = g.next().value();
    EXPECT_EQ(*first + *second, 3);
}

TEST(generator_values, what_is_yielded_converts) {
    auto g = []() -> generator<std::string> {
        co_yield "literal";
        const std::string_view view = "view";
        co_yield std::string(view);
    }();
    EXPECT_EQ(g.next(), "literal");
    EXPECT_EQ(g.next(), "view");
}

TEST(generator_values, a_conversion_lives_until_the_next_resume) {
    auto g = []() -> generator<const std::string&> {
        co_yield std::string(1000, 'a');
        co_yield "b";
    }();
    EXPECT_EQ(g.next()->size(), 1000u);
    EXPECT_EQ(g.next(), "b");
}

TEST(generator_values, large_values_stay_where_they_are) {
    using block = std::array<char, 100'000>;
    auto g = []() -> generator<const block&> {
        block mine{};
        for (char c = 'a'; c < 'd'; ++c) {
            mine.fill(c);
            co_yield mine;
        }
    }();
    std::string seen;
    const block* at = nullptr;
    for (const block& value : g) {
        EXPECT_TRUE(at == nullptr || at == &value);
        at = &value;
        seen += value[99'999];
    }
    EXPECT_EQ(seen, "abc");
}

TEST(generator_values, an_element_of_an_aggregate_may_be_named_first) {
    struct point {
        int x;
        int y;
    };
    auto g = []() -> generator<point> {
        const point p{1, 2};
        co_yield p;
    }();
    EXPECT_EQ(g.next()->y, 2);
}

struct alignas(64) cache_line {
    std::uint64_t words[8] = {};
};

bool aligned(const void* at, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(at) % alignment == 0;
}

TEST(generator_values, over_aligned_locals_and_values_are_aligned) {
    auto g = [](const char* prefix) -> generator<const cache_line&> {
        cache_line mine;
        const char odd = *prefix;
        cache_line other;
        other.words[0] = static_cast<std::uint64_t>(odd);
        co_yield mine;
        co_yield other;
        co_yield cache_line();
    };
    std::vector<generator<const cache_line&>> many;
    for (int i = 0; i < 20; ++i) many.push_back(g("x"));
    for (auto& each : many)
        for (const cache_line& value : each) EXPECT_TRUE(aligned(&value, 64));
}

TEST(generator_values, over_aligned_results_are_aligned) {
    auto g = []() -> generator<int, void, cache_line> {
        co_yield 1;
        cache_line result;
        result.words[7] = 7;
        co_return result;
    }();
    while (g.next()) {}
    const cache_line result = g.result();
    EXPECT_EQ(result.words[7], 7u);
    EXPECT_TRUE(aligned(&result, 64));
}

// Results.

TEST(generator_values, a_result_is_moved_never_copied) {
    using item = counted<struct result_tag>;
    item::reset();
    {
        auto g = []() -> generator<int, void, item> {
            co_yield 1;
            item mine(5);
            co_return mine;
        }();
        while (g.next()) {}
        EXPECT_EQ(g.result().value, 5);
    }
    EXPECT_EQ(item::now.copies, 0);
    EXPECT_EQ(item::now.live, 0);
}

TEST(generator_values, a_result_may_be_move_only_and_without_a_default) {
    struct handle {
        explicit handle(int n) : number(std::make_unique<int>(n)) {}
        std::unique_ptr<int> number;
    };
    auto g = []() -> generator<int, void, handle> {
        co_yield 1;
        co_return handle(3);
    }();
    while (g.next()) {}
    EXPECT_EQ(*g.result().number, 3);
}

TEST(generator_values, a_result_may_be_a_reference) {
    std::string mine = "mine";
    auto g = [](std::string* to) -> generator<int, void, std::string&> {
        co_yield 1;
        co_return *to;
    }(&mine);
    while (g.next()) {}
    EXPECT_EQ(&g.result(), &mine);
    EXPECT_THROW(g.result(), weft::usage_error);
}

TEST(generator_values, a_result_converts) {
    auto g = []() -> generator<int, void, std::string> {
        co_yield 1;
        co_return "converted";
    }();
    while (g.next()) {}
    EXPECT_EQ(g.result(), "converted");
}

TEST(generator_values, a_result_that_nobody_takes_is_destroyed) {
    using item = counted<struct untaken_tag>;
    item::reset();
    {
        auto g = []() -> generator<int, void, item> {
            co_yield 1;
            co_return item(5);
        }();
        while (g.next()) {}
    }
    EXPECT_EQ(item::now.live, 0);
}

TEST(generator_values, delegation_hands_values_through_in_place) {
    using item = counted<struct through_tag, 4096>;
    item::reset();
    auto g = []() -> generator<const item&> {
        co_yield weft::from([]() -> generator<const item&> {
            co_yield weft::from([]() -> generator<const item&> { co_yield item(1); }());
        }());
    }();
    for (const item& value : g) EXPECT_EQ(value.value, 1);
    EXPECT_EQ(item::now.copies + item::now.moves, 0);
}

TEST(generator_values, arguments_are_copied_once_into_the_frame) {
    using item = counted<struct argument_tag>;
    const auto make = [](item argument) -> generator<int> { co_yield argument.value; };
    item mine(3);
    item::reset();
    {
        auto g = make(mine);
        EXPECT_EQ(item::now.copies, 1);
        EXPECT_EQ(g.next(), 3);
    }
    EXPECT_EQ(item::now.copies, 1);
    EXPECT_EQ(item::now.live, 0);
}

}  // namespace
