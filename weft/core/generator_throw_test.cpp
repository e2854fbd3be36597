#include "weft/core/generator.hpp"

#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using weft::generator;
using weft::generator_state;
using weft::testing::thrown;

using text_error = std::runtime_error;

/// Yields 1, 2, 3…; answers a runtime_error by its length.
generator<int> answering(bool* started = nullptr) {
    if (started != nullptr) *started = true;
    int next = 1;
    for (;;) {
        int caught = 0;
        try {
            co_yield next++;
        } catch (const std::runtime_error& e) {
            caught = static_cast<int>(std::string_view(e.what()).size());
        }
        if (caught > 0) co_yield -caught;
    }
}

TEST(generator_throw, caught_and_answered_that_value_is_its_result) {
    auto g = answering();
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.throw_(text_error("four")), -4);
    EXPECT_EQ(g.next(), 2);
}

TEST(generator_throw, uncaught_it_reaches_the_thrower_and_finishes_the_generator) {
    auto g = answering();
    g.next();
    EXPECT_EQ(thrown<std::logic_error>([&] { g.throw_(std::logic_error("other")); }), "other");
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
}

TEST(generator_throw, before_the_start_it_raises_at_once_and_closes) {
    bool started = false;
    auto g = answering(&started);
    EXPECT_EQ(thrown<text_error>([&] { g.throw_(text_error("early")); }), "early");
    EXPECT_FALSE(started);
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
}

TEST(generator_throw, on_a_closed_one_it_just_raises) {
    auto g = answering();
    g.next();
    g.close();
    EXPECT_EQ(thrown<text_error>([&] { g.throw_(text_error("late")); }), "late");
    EXPECT_EQ(thrown<text_error>([&] { g.throw_(text_error("later")); }), "later");
    EXPECT_FALSE(g.next());
}

TEST(generator_throw, on_a_running_one_is_refused) {
    generator<int>* self = nullptr;
    auto g = [](generator<int>** me) -> generator<int> {
        const std::string text =
            thrown<weft::already_executing>([&] { (*me)->throw_(text_error("x")); });
        co_yield text.find("throw_()") != text.npos ? 1 : 0;
        co_yield 2;
    }(&self);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 2);
}

TEST(generator_throw, caught_without_another_yield_ends_the_generator) {
    auto g = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const std::runtime_error&) {  // The body ends.
        }
    }();
    g.next();
    EXPECT_FALSE(g.throw_(text_error("x")));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_throw, the_body_may_throw_another_in_answer) {
    auto g = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const std::runtime_error&) {
            throw std::invalid_argument("translated");
        }
    }();
    g.next();
    EXPECT_EQ(thrown<std::invalid_argument>([&] { g.throw_(text_error("x")); }), "translated");
}

TEST(generator_throw, takes_an_exception_ptr) {
    auto g = answering();
    g.next();
    EXPECT_EQ(g.throw_(std::make_exception_ptr(text_error("three"))), -5);
    std::exception_ptr named = std::make_exception_ptr(text_error("two"));
    g.next();
    EXPECT_EQ(g.throw_(named), -3);
    EXPECT_TRUE(named);
}

TEST(generator_throw, takes_an_exception_object_by_its_own_type) {
    auto g = answering();
    g.next();
    const std::range_error derived("ranged");  // a runtime_error
    EXPECT_EQ(g.throw_(derived), -6);
    g.next();
    std::overflow_error variable("of");
    EXPECT_EQ(g.throw_(variable), -2);
    EXPECT_STREQ(variable.what(), "of");
}

TEST(generator_throw, any_object_can_be_thrown) {
    auto g = answering();
    g.next();
    EXPECT_THROW(g.throw_(42), int);
}

TEST(generator_throw, an_empty_exception_ptr_is_refused_and_the_generator_lives) {
    auto g = answering();
    g.next();
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.throw_(std::exception_ptr()); }),
                AllOf(HasSubstr("throw_()"), HasSubstr("empty"), HasSubstr("pass an exception")));
    EXPECT_EQ(g.next(), 2);
}

TEST(generator_throw, a_thrown_generator_exit_propagates) {
    auto g = answering();
    g.next();
    EXPECT_THROW(g.throw_(weft::generator_exit{}), weft::generator_exit);
    EXPECT_EQ(g.state(), generator_state::closed);
    auto other = answering();
    other.next();
    EXPECT_THROW(other.throw_(std::make_exception_ptr(weft::generator_exit{})),
                 weft::generator_exit);
}

TEST(generator_throw, a_generator_exit_may_be_caught_and_answered) {
    auto g = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {}
        co_yield 2;
    }();
    g.next();
    EXPECT_EQ(g.throw_(weft::generator_exit{}), 2);
    EXPECT_EQ(g.state(), generator_state::suspended);
}

TEST(generator_throw, each_throw_is_delivered_once) {
    auto g = answering();
    g.next();
    for (int i = 2; i < 6; ++i) {
        EXPECT_EQ(g.throw_(text_error("four")), -4);
        EXPECT_EQ(g.next(), i);
    }
}

TEST(generator_throw, works_where_values_are_sent_too) {
    auto g = []() -> generator<int, int> {
        int got = 0;
        for (;;) {
            try {
                got = co_yield got;
            } catch (const std::runtime_error&) {
                got = -1;
            }
        }
    }();
    g.next();
    EXPECT_EQ(g.send(5), 5);
    EXPECT_EQ(g.throw_(text_error("x")), -1);
    EXPECT_EQ(g.send(6), 6);
}

}  // namespace
