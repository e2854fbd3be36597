#include "weft/core/generator.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::generator;
using weft::generator_exit;
using weft::generator_state;
using weft::testing::farewell;
using weft::testing::thrown;

using log_of_strings = std::vector<std::string>;

generator<int> careful(log_of_strings& log) {
    log.emplace_back("start");
    try {
        for (int i = 0;; ++i) co_yield i;
    } catch (const generator_exit&) {
        log.emplace_back("exit");
        throw;
    }
}

TEST(generator_close, before_the_start_the_body_never_runs) {
    log_of_strings log;
    auto g = careful(log);
    g.close();
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
    EXPECT_THAT(log, ElementsAre());
}

TEST(generator_close, before_the_start_releases_the_arguments) {
    log_of_strings log;
    auto g = [](farewell<log_of_strings> argument) -> generator<int> {
        static_cast<void>(argument);
        co_yield 1;
    }(farewell(log, std::string("argument")));
    g.close();
    EXPECT_THAT(log, ElementsAre("argument"));
}

TEST(generator_close, raises_generator_exit_at_the_co_yield_and_swallows_it) {
    log_of_strings log;
    auto g = careful(log);
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("start", "exit"));
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
}

TEST(generator_close, twice_does_nothing_the_second_time) {
    log_of_strings log;
    auto g = careful(log);
    g.next();
    g.close();
    g.close();
    EXPECT_THAT(log, ElementsAre("start", "exit"));
}

TEST(generator_close, of_a_finished_or_failed_generator_does_nothing) {
    auto finished = []() -> generator<int> { co_yield 1; }();
    while (finished.next()) {}
    finished.close();
    auto failed = []() -> generator<int> {
        co_yield 1;
        throw 1;
    }();
    failed.next();
    EXPECT_THROW(failed.next(), int);
    failed.close();
    EXPECT_EQ(failed.state(), generator_state::closed);
}

TEST(generator_close, a_body_that_returns_in_answer_is_closed) {
    auto g = []() -> generator<int, void, int> {
        try {
            co_yield 1;
        } catch (const generator_exit&) {}
        co_return 7;
    }();
    g.next();
    g.close();
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_close, another_exception_propagates_and_closes) {
    auto g = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const generator_exit&) {
            throw std::runtime_error("cleanup failed");
        }
    }();
    g.next();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.close(); }), "cleanup failed");
    EXPECT_EQ(g.state(), generator_state::closed);
    g.close();
}

generator<int> stubborn(int times) {
    int next = 1;
    for (;;) {
        try {
            co_yield next++;
        } catch (const generator_exit&) {
            if (times-- == 0) throw;
        }
    }
}

TEST(generator_close, a_body_that_yields_in_answer_has_ignored_the_exit_and_lives) {
    auto g = stubborn(2);
    EXPECT_EQ(g.next(), 1);
    const auto text = AllOf(HasSubstr("close()"), HasSubstr("yielded"), HasSubstr("let the exit"),
                            HasSubstr("alive"));
    EXPECT_THAT(thrown<weft::ignored_exit>([&] { g.close(); }), text);
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_EQ(g.next(), 3);
    EXPECT_THAT(thrown<weft::ignored_exit>([&] { g.close(); }), text);
    g.close();
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_close, destroying_one_that_ignores_the_exit_is_quiet) {
    auto g = stubborn(1000);
    g.next();
    EXPECT_THROW(g.close(), weft::ignored_exit);
}

TEST(generator_close, runs_the_destructors_innermost_scope_first) {
    log_of_strings log;
    auto g = [](log_of_strings& to) -> generator<int> {
        const farewell outer(to, std::string("outer"));
        {
            const farewell inner(to, std::string("inner"));
            co_yield 1;
        }
    }(log);
    g.next();
    g.close();
    EXPECT_THAT(log, ElementsAre("inner", "outer"));
}

TEST(generator_close, a_class_derived_from_generator_exit_counts_as_one) {
    struct my_exit : generator_exit {};
    auto g = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const generator_exit&) {
            throw my_exit{};
        }
    }();
    g.next();
    g.close();
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_close, a_handler_for_errors_does_not_see_the_exit) {
    bool seen = false;
    auto g = [](bool* caught) -> generator<int> {
        try {
            co_yield 1;
        } catch (const std::exception&) {
            *caught = true;
        }
        co_yield 2;
    }(&seen);
    g.next();
    g.close();
    EXPECT_FALSE(seen);
}

TEST(generator_close, its_own_close_inside_the_body_is_refused) {
    generator<int>* self = nullptr;
    std::string text;
    auto g = [](generator<int>** me, std::string* to) -> generator<int> {
        *to = thrown<weft::already_executing>([&] { (*me)->close(); });
        co_yield 1;
    }(&self, &text);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_THAT(text, AllOf(HasSubstr("close()"), HasSubstr("running")));
}

}  // namespace
