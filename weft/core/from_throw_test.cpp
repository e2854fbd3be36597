#include "weft/core/from.hpp"

#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

// throw_() and close() through a delegation: PEP 380.

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::from;
using weft::generator;
using weft::generator_exit;
using weft::generator_state;
using weft::ignored_exit;
using weft::testing::thrown;

using log_of_strings = std::vector<std::string>;

/// Yields 1, then does as `in_answer` says when generator_exit arrives.
generator<int> inner(log_of_strings& log, const char* in_answer) {
    const std::string what = in_answer;
    try {
        co_yield 1;
    } catch (const generator_exit&) {
        log.push_back("inner exit");
        if (what == "rethrow") throw;
        if (what == "throw") throw std::runtime_error("inner cleanup");
        if (what == "return") co_return;
    } catch (const std::exception& e) {
        log.push_back(std::string("inner ") + e.what());
        if (what == "rethrow") throw;
    }
    co_yield 2;
    log.push_back("inner goes on");
    co_yield 3;
}

/// Delegates to it and lets everything pass.
generator<int> outer(log_of_strings& log, const char* in_answer) {
    try {
        co_yield from(inner(log, in_answer));
    } catch (const generator_exit&) {
        log.push_back("outer exit");
        throw;
    } catch (const std::exception& e) {
        log.push_back(std::string("outer ") + e.what());
        throw;
    }
    log.push_back("outer goes on");
    co_yield 10;
}

TEST(from_throw, goes_to_the_innermost_which_may_answer) {
    log_of_strings log;
    auto g = outer(log, "");
    g.next();
    EXPECT_EQ(g.throw_(std::runtime_error("x")), 2);
    EXPECT_THAT(log, ElementsAre("inner x"));
    EXPECT_EQ(g.next(), 3);
    EXPECT_EQ(g.next(), 10);
}

TEST(from_throw, what_the_innermost_lets_pass_reaches_its_outer_and_the_thrower) {
    log_of_strings log;
    auto g = outer(log, "rethrow");
    g.next();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.throw_(std::runtime_error("x")); }), "x");
    EXPECT_THAT(log, ElementsAre("inner x", "outer x"));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_throw, the_outer_may_catch_and_answer) {
    auto g = []() -> generator<int> {
        int after = 0;
        try {
            co_yield from([]() -> generator<int> { co_yield 1; }());
        } catch (const std::runtime_error&) {
            after = 5;
        }
        co_yield after;
    }();
    g.next();
    EXPECT_EQ(g.throw_(std::runtime_error("x")), 5);
}

TEST(from_close, closes_the_innermost_first) {
    log_of_strings log;
    auto g = outer(log, "rethrow");
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("inner exit", "outer exit"));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_close, an_inner_that_returns_does_not_spare_its_outer) {
    log_of_strings log;
    auto g = outer(log, "return");
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("inner exit", "outer exit"));
}

TEST(from_close, an_inner_that_ignores_the_exit_is_an_error_in_its_outer) {
    log_of_strings log;
    auto g = outer(log, "ignore");
    g.next();
    EXPECT_THAT(thrown<ignored_exit>([&] { g.close(); }),
                AllOf(HasSubstr("close()"), HasSubstr("another delegates to"),
                      HasSubstr("let generator_exit pass")));
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[0], "inner exit");
    EXPECT_THAT(log[1], HasSubstr("outer a generator that another delegates to"));
    EXPECT_EQ(g.state(), generator_state::closed);
}

generator<int> borrow(generator<int>& to, log_of_strings& log) {
    try {
        co_yield from(to);
    } catch (const ignored_exit&) {
        log.push_back("ignored");
    }
    co_yield 20;
}

TEST(from_close, a_borrowed_inner_that_ignored_the_exit_lives_and_its_outer_may_go_on) {
    log_of_strings log;
    auto stubborn = inner(log, "ignore");
    auto g = borrow(stubborn, log);
    g.next();
    EXPECT_THROW(g.close(), ignored_exit);  // The outer yielded 20 in answer.
    EXPECT_THAT(log, ElementsAre("inner exit", "ignored"));
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_EQ(stubborn.state(), generator_state::suspended);
    EXPECT_EQ(stubborn.next(), 3);
    EXPECT_FALSE(g.next());
    EXPECT_FALSE(stubborn.next());
}

TEST(from_close, another_error_of_the_inner_propagates_into_its_outer) {
    log_of_strings log;
    auto g = outer(log, "throw");
    g.next();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.close(); }), "inner cleanup");
    EXPECT_THAT(log, ElementsAre("inner exit", "outer inner cleanup"));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_close, the_outer_may_catch_the_inner_error_and_end) {
    log_of_strings log;
    auto g = [](log_of_strings* to) -> generator<int> {
        try {
            co_yield from(inner(*to, "throw"));
        } catch (const std::runtime_error&) {
            to->push_back("handled");
        }
    }(&log);
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("inner exit", "handled"));
}

TEST(from_close, the_outer_may_catch_the_inner_error_and_ignore_the_exit) {
    log_of_strings log;
    auto g = [](log_of_strings* to) -> generator<int> {
        try {
            co_yield from(inner(*to, "throw"));
        } catch (const std::runtime_error&) {}
        co_yield 5;
        co_yield 6;
    }(&log);
    g.next();
    EXPECT_THROW(g.close(), ignored_exit);
    EXPECT_EQ(g.next(), 6);
}

TEST(from_close, an_outer_that_swallows_the_exit_and_delegates_anew_has_ignored_it) {
    log_of_strings log;
    auto g = [](log_of_strings* to) -> generator<int> {
        try {
            co_yield from(inner(*to, "rethrow"));
        } catch (const generator_exit&) {}
        co_yield from(inner(*to, "rethrow"));
    }(&log);
    g.next();
    EXPECT_THROW(g.close(), ignored_exit);
    EXPECT_EQ(g.state(), generator_state::suspended);
    g.close();
    EXPECT_THAT(log, ElementsAre("inner exit", "inner exit"));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_close, a_middle_one_that_ignores_it_is_an_error_in_the_one_above) {
    log_of_strings log;
    auto middle = [](log_of_strings* to) -> generator<int> {
        try {
            co_yield from(inner(*to, "rethrow"));
        } catch (const generator_exit&) {
            to->push_back("middle exit");
        }
        co_yield 2;
    };
    auto g = [](log_of_strings* to, auto make) -> generator<int> {
        try {
            co_yield from(make(to));
        } catch (const ignored_exit&) {
            to->push_back("root ignored");
            throw;
        }
    }(&log, middle);
    g.next();
    EXPECT_THROW(g.close(), ignored_exit);
    EXPECT_THAT(log, ElementsAre("inner exit", "middle exit", "root ignored"));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_close, a_middle_one_that_delegates_anew_is_an_error_in_the_one_above) {
    log_of_strings log;
    auto middle = [](log_of_strings& to) -> generator<int> {
        try {
            co_yield from(inner(to, "rethrow"));
        } catch (const generator_exit&) {}
        co_yield from(inner(to, "rethrow"));
    }(log);
    auto g = borrow(middle, log);
    g.next();
    EXPECT_THROW(g.close(), ignored_exit);
    EXPECT_THAT(log, ElementsAre("inner exit", "ignored"));
    EXPECT_EQ(middle.state(), generator_state::suspended);
    middle.close();
    EXPECT_THAT(log, ElementsAre("inner exit", "ignored", "inner exit"));
    g.close();
}

TEST(from_close, a_thrown_generator_exit_closes_the_inner_and_reaches_the_thrower) {
    log_of_strings log;
    auto g = outer(log, "return");
    g.next();
    EXPECT_THROW(g.throw_(generator_exit{}), generator_exit);
    EXPECT_THAT(log, ElementsAre("inner exit", "outer exit"));
}

TEST(from_close, a_thrown_generator_exit_that_the_outer_answers_gives_that_value) {
    log_of_strings log;
    auto g = [](log_of_strings* to) -> generator<int> {
        try {
            co_yield from(inner(*to, "return"));
        } catch (const generator_exit&) {}
        co_yield 5;
    }(&log);
    g.next();
    EXPECT_EQ(g.throw_(generator_exit{}), 5);
}

TEST(from_close, a_result_of_an_inner_that_returned_in_answer_is_not_given) {
    std::string got = "none";
    auto g = [](std::string* to) -> generator<int> {
        *to = co_yield from([]() -> generator<int, void, std::string> {
            try {
                co_yield 1;
            } catch (const generator_exit&) {}
            co_return "value";
        }());
    }(&got);
    g.next();
    g.close();
    EXPECT_EQ(got, "none");
}

TEST(from_close, a_borrowed_inner_is_closed_with_its_outer) {
    log_of_strings log;
    auto borrowed = inner(log, "rethrow");
    auto g = borrow(borrowed, log);
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("inner exit"));
    EXPECT_EQ(borrowed.state(), generator_state::closed);
    EXPECT_FALSE(borrowed.next());
}

}  // namespace
