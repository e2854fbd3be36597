#include "weft/core/from.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <list>
#include <map>
#include <memory>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Delegating to what is not a generator of the same types: ranges, and generators of other types.

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::generator;
using weft::generator_exit;
using weft::generator_state;
using weft::nothing;
using weft::testing::counted;
using weft::testing::thrown;

template <class Value, class Generator>
std::vector<Value> all(Generator&& g) {
    std::vector<Value> values;
    while (auto item = g.next()) values.push_back(Value(*std::move(item)));
    return values;
}

/// Delegates to `inner`, which it keeps.
template <class Yield, class Send, class Inner>
generator<Yield, Send> outer(Inner inner) {
    co_yield weft::from(inner);
}

TEST(from_range, containers_by_reference) {
    EXPECT_THAT(all<int>(outer<int, void>(std::vector{1, 2, 3})), ElementsAre(1, 2, 3));
    EXPECT_THAT(all<int>(outer<int, void>(std::list<short>{1, 2})), ElementsAre(1, 2));
    EXPECT_THAT(all<int>(outer<int, void>(std::vector<int>())), ElementsAre());
}

TEST(from_range, a_temporary_container_is_kept) {
    auto g = []() -> generator<std::string> {
        co_yield weft::from(std::vector<std::string>(2, std::string(100, 'x')));
    }();
    EXPECT_THAT(all<std::string>(g), ElementsAre(std::string(100, 'x'), std::string(100, 'x')));
}

TEST(from_range, a_literal_gives_its_characters) {
    auto g = []() -> generator<char> {
        co_yield weft::from("AB");
        co_yield weft::from("");
        co_yield weft::from(std::string_view("C"));
    }();
    EXPECT_THAT(all<char>(g), ElementsAre('A', 'B', 'C'));
}

TEST(from_range, views_and_one_pass_ranges) {
    auto g = []() -> generator<int> {
        const auto even = [](int i) { return i % 2 == 0; };
        const auto square = [](int i) { return i * i; };
        auto squares =
            std::views::iota(1, 7) | std::views::filter(even) | std::views::transform(square);
        co_yield weft::from(squares);
        std::istringstream text("7 8 9");
        auto read = std::views::istream<int>(text);
        co_yield weft::from(read);
    }();
    EXPECT_THAT(all<int>(g), ElementsAre(4, 16, 36, 7, 8, 9));
}

TEST(from_range, proxies_become_values) {
    EXPECT_THAT(all<bool>(outer<bool, void>(std::vector<bool>{true, false, true})),
                ElementsAre(true, false, true));
}

TEST(from_range, elements_convert) {
    auto names = outer<std::string, void>(std::vector<const char*>{"a", "b"});
    EXPECT_THAT(all<std::string>(names), ElementsAre("a", "b"));
    auto keys = outer<std::string_view, void>(std::vector<std::string>{"x", "y"});
    EXPECT_EQ(keys.next(), "x");
    EXPECT_EQ(keys.next(), "y");
    EXPECT_FALSE(keys.next());
}

TEST(from_range, pairs_of_a_map) {
    auto g = outer<const std::pair<const int, std::string>&, void>(
        std::map<int, std::string>{{1, "a"}, {2, "b"}});
    std::string text;
    while (auto item = g.next()) text += std::to_string(item->first) + item->second;
    EXPECT_EQ(text, "1a2b");
}

TEST(from_range, references_identify_the_elements_themselves) {
    std::vector<int> values{1, 2, 3};
    auto g = [](std::vector<int>* to) -> generator<int&> { co_yield weft::from(*to); }(&values);
    for (int& value : g) value *= 10;
    EXPECT_THAT(values, ElementsAre(10, 20, 30));
}

TEST(from_range, elements_are_not_copied_where_references_are_yielded) {
    using item = counted<struct from_range_tag>;
    std::vector<item> values(3);
    auto g = [](std::vector<item>* to) -> generator<const item&> {
        co_yield weft::from(*to);
    }(&values);
    item::reset();
    int seen = 0;
    for (const item& value : g) seen += &value == &values[seen] ? 1 : 0;
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(item::now.copies + item::now.moves, 0);
}

TEST(from_range, move_only_elements_pass_by_reference_and_as_rvalues) {
    std::vector<std::unique_ptr<int>> values;
    for (int i = 1; i < 4; ++i) values.push_back(std::make_unique<int>(i));
    using element = std::unique_ptr<int>;
    auto lend = [](std::vector<element>* to) -> generator<const element&> {
        co_yield weft::from(*to);
    }(&values);
    int sum = 0;
    for (const element& value : lend) sum += *value;
    EXPECT_EQ(sum, 6);
    auto give = [](std::vector<element>* to) -> generator<element> {
        const auto moved = [](element& e) -> element&& { return std::move(e); };
        auto moving = *to | std::views::transform(moved);
        co_yield weft::from(moving);
    }(&values);
    const std::vector<element> taken = all<element>(give);
    EXPECT_EQ(*taken[2], 3);
    EXPECT_EQ(values[2], nullptr);
}

TEST(from_range, sending_to_it_is_an_error_in_the_one_that_delegates) {
    auto g = [](std::vector<int> values) -> generator<int, int> {
        bool refused = false;
        try {
            co_yield weft::from(values);
        } catch (const weft::usage_error& e) {
            const std::string_view text = e.what();
            refused = text.find("a range cannot receive") != text.npos &&
                      text.find("resume with next()") != text.npos;
        }
        co_yield refused ? 100 : -1;
    }({1, 2, 3});
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 2);
    EXPECT_EQ(g.send(5), 100);
}

TEST(from_range, throwing_into_it_raises_in_the_one_that_delegates) {
    auto g = [](std::vector<int> values) -> generator<int> {
        int after = 0;
        try {
            co_yield weft::from(values);
        } catch (const std::runtime_error&) {
            after = 50;
        }
        co_yield after;
    }({1, 2});
    g.next();
    EXPECT_EQ(g.throw_(std::runtime_error("x")), 50);
}

TEST(from_range, close_ends_it) {
    auto g = outer<int, void>(std::vector{1, 2});
    g.next();
    g.close();
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_range, an_error_of_the_range_passes) {
    auto g = []() -> generator<int> {
        const auto fail = [](int i) -> int {
            return i < 2 ? i : throw std::runtime_error("third");
        };
        auto range = std::views::iota(0) | std::views::transform(fail);
        co_yield weft::from(range);
    }();
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.next(); }), "third");
}

// Generators of other types are driven by an adapter, both ways.

generator<int> small_numbers() {
    co_yield 1;
    co_yield 2;
}

TEST(from_other, values_convert) {
    auto g = []() -> generator<double> { co_yield weft::from(small_numbers()); }();
    EXPECT_THAT(all<double>(g), ElementsAre(1.0, 2.0));
    auto text = []() -> generator<std::string> {
        co_yield weft::from([]() -> generator<const char*> { co_yield "abc"; }());
    }();
    EXPECT_THAT(all<std::string>(text), ElementsAre("abc"));
}

TEST(from_other, a_variable_is_borrowed) {
    auto inner = small_numbers();
    {
        auto g = [](generator<int>* to) -> generator<long> { co_yield weft::from(*to); }(&inner);
        EXPECT_EQ(g.next(), 1);
    }
    EXPECT_EQ(inner.next(), 2);
}

generator<int, int, std::string> adder() {
    int sum = 0;
    try {
        while (sum < 10) sum += co_yield sum;
    } catch (const std::runtime_error&) {
        sum = -1;
    }
    co_yield sum;
    co_return "sum " + std::to_string(sum);
}

TEST(from_other, sends_convert_and_the_result_comes_back) {
    std::string result;
    auto g = [](std::string* to) -> generator<long, short> {
        *to = co_yield weft::from(adder());
    }(&result);
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.send(short{3}), 3);
    EXPECT_EQ(g.next(), 3);
    EXPECT_EQ(g.send(short{8}), 11);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(result, "sum 11");
}

TEST(from_other, what_is_thrown_reaches_the_inner_one) {
    auto g = []() -> generator<long, int> { co_yield weft::from(adder()); }();
    g.next();
    EXPECT_EQ(g.throw_(std::runtime_error("x")), -1);
    EXPECT_FALSE(g.next());
}

TEST(from_other, close_closes_the_inner_one_first) {
    std::vector<std::string> log;
    auto g = [](std::vector<std::string>* to) -> generator<long> {
        try {
            co_yield weft::from([](std::vector<std::string>* into) -> generator<int> {
                try {
                    co_yield 1;
                } catch (const generator_exit&) {
                    into->push_back("inner");
                    throw;
                }
            }(to));
        } catch (const generator_exit&) {
            to->push_back("outer");
            throw;
        }
    }(&log);
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("inner", "outer"));
}

TEST(from_other, an_inner_one_that_ignores_the_exit_is_an_error_in_its_outer) {
    bool seen = false;
    auto g = [](bool* to) -> generator<long> {
        try {
            co_yield weft::from([]() -> generator<int> {
                try {
                    co_yield 1;
                } catch (const generator_exit&) {}
                co_yield 2;
            }());
        } catch (const weft::ignored_exit&) {
            *to = true;
            throw;
        }
    }(&seen);
    g.next();
    EXPECT_THROW(g.close(), weft::ignored_exit);
    EXPECT_TRUE(seen);
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_other, an_error_of_the_inner_one_passes) {
    auto g = []() -> generator<long> {
        co_yield weft::from([]() -> generator<int> {
            co_yield 1;
            throw std::runtime_error("inner failed");
        }());
    }();
    g.next();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.next(); }), "inner failed");
}

TEST(from_other, sending_to_one_that_receives_nothing_is_an_error_in_its_outer) {
    auto g = []() -> generator<int, int> { co_yield weft::from(small_numbers()); }();
    EXPECT_EQ(g.next(), 1);
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.send(1); }),
                AllOf(HasSubstr("send()"), HasSubstr("cannot receive"), HasSubstr("next()")));
}

TEST(from_other, next_reaches_one_that_receives_nothing) {
    auto g = []() -> generator<int, int> { co_yield weft::from(small_numbers()); }();
    EXPECT_THAT(all<int>(g), ElementsAre(1, 2));
}

TEST(from_other, references_pass_in_place_to_const_references) {
    const std::string mine = "mine";
    const void* seen = nullptr;
    auto g = [](const std::string* value) -> generator<const std::string&> {
        const auto inner = [](const std::string* v) -> generator<std::string&> {
            std::string& mutable_value = const_cast<std::string&>(*v);
            co_yield mutable_value;
        };
        co_yield weft::from(inner(value));
    }(&mine);
    for (const std::string& value : g) seen = &value;
    EXPECT_EQ(seen, &mine);
}

TEST(from_other, one_that_only_receives_passes_what_is_sent) {
    std::vector<std::string> got;
    auto g = [](std::vector<std::string>* to) -> generator<void, const char*> {
        co_yield weft::from([](std::vector<std::string>* into) -> generator<void, std::string> {
            for (int i = 0; i < 2; ++i) into->push_back(co_yield nothing);
        }(to));
    }(&got);
    g.next();
    g.send("a");
    g.send("b");
    EXPECT_THAT(got, ElementsAre("a", "b"));
}

}  // namespace
