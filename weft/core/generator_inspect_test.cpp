#include "weft/core/generator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// state(), where(), delegate(), name(), address(), frame_bytes(): a generator can be looked into.

namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using weft::from;
using weft::generator;
using weft::generator_state;

constexpr unsigned haha_line = __LINE__ + 4;
generator<int> haha() {
    int b = 1;
    const int c = 10;
    co_yield b;
    b += c;
    co_yield b;
}

TEST(generator_inspect, where_is_the_line_it_is_suspended_at) {
    auto g = haha();
    g.next();
    EXPECT_EQ(g.where().line(), haha_line);
    EXPECT_THAT(g.where().file_name(), EndsWith("generator_inspect_test.cpp"));
    g.next();
    EXPECT_EQ(g.where().line(), haha_line + 2);
}

TEST(generator_inspect, before_the_start_where_is_the_function) {
    auto g = haha();
    EXPECT_THAT(g.where().file_name(), EndsWith("generator_inspect_test.cpp"));
    // Compilers name its first line or its last.
    EXPECT_GE(g.where().line(), haha_line - 3);
    EXPECT_LE(g.where().line(), haha_line + 3);
}

TEST(generator_inspect, nothing_of_a_finished_one_is_left) {
    auto g = haha();
    EXPECT_NE(g.address(), nullptr);
    EXPECT_GT(g.frame_bytes(), sizeof(int));
    while (g.next()) {}
    EXPECT_EQ(g.where().line(), 0u);
    EXPECT_EQ(g.address(), nullptr);
    EXPECT_EQ(g.frame_bytes(), 0u);
    EXPECT_EQ(g.name(), "");
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_inspect, also_of_one_that_a_range_for_finished) {
    auto g = haha();
    for (const int n : g) static_cast<void>(n);
    EXPECT_EQ(g.where().line(), 0u);
    EXPECT_EQ(g.address(), nullptr);
    EXPECT_EQ(g.frame_bytes(), 0u);
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_inspect, the_name_is_that_of_the_function) {
    EXPECT_EQ(haha().name(), "haha");
}

generator<int> given_a_pointer(const char* text) {
    co_yield *text;
}

// A promise's constructor is tried with the coroutine's arguments first; g++ gives a source
// location as a const void*, so a pointer was taken for the place of creation.
TEST(generator_inspect, the_name_is_right_when_the_only_argument_is_a_pointer) {
    auto g = given_a_pointer("x");
    EXPECT_EQ(g.name(), "given_a_pointer");
    EXPECT_THAT(g.where().file_name(), EndsWith("generator_inspect_test.cpp"));
}

struct with_members {
    int base = 1;
    generator<int> member(int) const { co_yield base; }
    template <class T>
    static generator<T> templated(T value) {
        co_yield value;
    }
};

TEST(generator_inspect, the_name_of_a_member_or_a_template_is_clear) {
    const with_members object;
    EXPECT_EQ(object.member(1).name(), "member");
    EXPECT_THAT(std::string(with_members::templated(std::string("x")).name()),
                HasSubstr("templated"));
}

TEST(generator_inspect, the_state_follows_its_life) {
    generator_state inside = generator_state::closed;
    generator<int>* self = nullptr;
    auto g = [](generator<int>** me, generator_state* to) -> generator<int> {
        *to = (*me)->state();
        co_yield 1;
    }(&self, &inside);
    self = &g;
    EXPECT_EQ(g.state(), generator_state::created);
    g.next();
    EXPECT_EQ(inside, generator_state::running);
    EXPECT_EQ(g.state(), generator_state::suspended);
    g.next();
    EXPECT_EQ(g.state(), generator_state::closed);
}

constexpr unsigned middle_line = __LINE__ + 2;
generator<int> middle() {
    co_yield from(haha());
}
generator<int> top(generator<int>& inner) {
    co_yield 0;
    co_yield from(inner);
    co_yield 100;
}

TEST(generator_inspect, delegate_walks_the_chain_to_the_leaf) {
    auto inner = middle();
    auto g = top(inner);
    EXPECT_FALSE(g.delegate());
    g.next();
    EXPECT_FALSE(g.delegate());
    g.next();

    const auto second = g.delegate();
    ASSERT_TRUE(second);
    EXPECT_EQ(second.name(), "middle");
    EXPECT_EQ(second.where().line(), middle_line);
    EXPECT_EQ(second.state(), generator_state::suspended);
    EXPECT_EQ(second.address(), inner.address());
    EXPECT_EQ(second.frame_bytes(), inner.frame_bytes());

    const auto leaf = second.delegate();
    ASSERT_TRUE(leaf);
    EXPECT_EQ(leaf.name(), "haha");
    EXPECT_EQ(leaf.where().line(), haha_line);
    EXPECT_FALSE(leaf.delegate());
    EXPECT_EQ(inner.delegate().address(), leaf.address());
}

TEST(generator_inspect, delegate_is_empty_again_after_the_delegation) {
    auto inner = haha();
    auto g = top(inner);
    while (*g.next() != 100) {}
    EXPECT_FALSE(g.delegate());
}

TEST(generator_inspect, an_empty_view_says_closed) {
    const auto nobody = haha().delegate();
    EXPECT_FALSE(nobody);
    EXPECT_EQ(nobody.state(), generator_state::closed);
    EXPECT_EQ(nobody.where().line(), 0u);
    EXPECT_EQ(nobody.frame_bytes(), 0u);
    EXPECT_EQ(nobody.address(), nullptr);
    EXPECT_EQ(nobody.name(), "");
    EXPECT_FALSE(nobody.delegate());
}

TEST(generator_inspect, an_outer_one_is_running_while_its_inner_one_runs) {
    std::vector<generator_state> seen;
    generator<int>* outer_at = nullptr;
    auto g = [](generator<int>** me, std::vector<generator_state>* to) -> generator<int> {
        co_yield from(
            [](generator<int>** up, std::vector<generator_state>* into) -> generator<int> {
                into->push_back((*up)->state());
                into->push_back((*up)->delegate().state());
                co_yield 1;
            }(me, to));
    }(&outer_at, &seen);
    outer_at = &g;
    g.next();
    EXPECT_THAT(seen, ::testing::Each(generator_state::running));
}

TEST(generator_inspect, each_frame_has_an_address_of_its_own) {
    std::vector<generator<int>> many;
    std::set<const void*> addresses;
    for (int i = 0; i < 10; ++i) {
        many.push_back(haha());
        addresses.insert(many.back().address());
    }
    EXPECT_EQ(addresses.size(), 10u);
}

}  // namespace
