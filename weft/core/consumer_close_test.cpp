#include "weft/core/consumer.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/base/unhandled.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

// throw_(), close() and the destructor of a consumer.

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::consumer;
using weft::generator_exit;
using weft::generator_state;
using weft::receive;
using weft::testing::farewell;
using weft::testing::thrown;

using log_of_strings = std::vector<std::string>;

/// Logs what arrives; `in_answer` says what it does when it is closed.
consumer<std::string> logger(log_of_strings& log, const char* in_answer = "rethrow") {
    const std::string what = in_answer;
    for (;;) {
        try {
            std::string line = co_await receive;
            log.push_back(std::move(line));
        } catch (const generator_exit&) {
            log.push_back("Going away. Goodbye");
            if (what == "rethrow") throw;
            if (what == "return") co_return;
            if (what == "throw") throw std::runtime_error("cleanup failed");
        } catch (const std::runtime_error& e) {
            log.push_back(std::string("caught ") + e.what());
        }
    }
}

TEST(consumer_close, raises_generator_exit_at_the_receive) {
    log_of_strings log;
    auto c = logger(log);
    c.send("a");
    c.close();
    EXPECT_THAT(log, ElementsAre("a", "Going away. Goodbye"));
    EXPECT_EQ(c.state(), generator_state::closed);
    EXPECT_FALSE(c.send("b"));
}

TEST(consumer_close, twice_does_nothing_the_second_time) {
    log_of_strings log;
    auto c = logger(log);
    c.close();
    c.close();
    EXPECT_EQ(log.size(), 1u);
}

TEST(consumer_close, a_body_that_returns_in_answer_is_closed) {
    log_of_strings log;
    auto c = logger(log, "return");
    c.close();
    EXPECT_EQ(c.state(), generator_state::closed);
}

TEST(consumer_close, another_exception_propagates_and_closes) {
    log_of_strings log;
    auto c = logger(log, "throw");
    EXPECT_EQ(thrown<std::runtime_error>([&] { c.close(); }), "cleanup failed");
    EXPECT_EQ(c.state(), generator_state::closed);
}

TEST(consumer_close, a_body_that_receives_in_answer_has_ignored_the_exit_and_lives) {
    log_of_strings log;
    {
        auto c = logger(log, "ignore");
        EXPECT_THAT(thrown<weft::ignored_exit>([&] { c.close(); }),
                    AllOf(HasSubstr("close()"), HasSubstr("waits for another item"),
                          HasSubstr("let the exit pass"), HasSubstr("alive")));
        EXPECT_EQ(c.state(), generator_state::suspended);
        EXPECT_TRUE(c.send("still here"));
        const auto before = weft::set_unhandled_handler([](std::exception_ptr, auto) noexcept {});
        { const auto gone = std::move(c); }
        weft::set_unhandled_handler(before);
    }
    EXPECT_THAT(log, ElementsAre("Going away. Goodbye", "still here", "Going away. Goodbye"));
}

TEST(consumer_throw, raises_at_the_receive_and_the_body_may_go_on) {
    log_of_strings log;
    auto c = logger(log);
    EXPECT_TRUE(c.throw_(std::runtime_error("x")));
    EXPECT_TRUE(c.send("a"));
    EXPECT_THAT(log, ElementsAre("caught x", "a"));
}

TEST(consumer_throw, what_leaves_the_body_reaches_the_thrower_and_ends_it) {
    log_of_strings log;
    auto c = logger(log);
    EXPECT_EQ(thrown<std::logic_error>([&] { c.throw_(std::logic_error("x")); }), "x");
    EXPECT_EQ(c.state(), generator_state::closed);
    EXPECT_FALSE(c.send("a"));
}

TEST(consumer_throw, on_one_that_has_ended_it_just_raises) {
    log_of_strings log;
    auto c = logger(log);
    c.close();
    EXPECT_EQ(thrown<std::runtime_error>([&] { c.throw_(std::runtime_error("late")); }), "late");
}

TEST(consumer_throw, says_when_the_body_has_ended_in_answer) {
    auto c = [](int) -> consumer<int> {
        try {
            static_cast<void>(co_await receive);
        } catch (const std::runtime_error&) {}
    }(0);
    EXPECT_FALSE(c.throw_(std::runtime_error("x")));
    EXPECT_EQ(c.state(), generator_state::closed);
}

TEST(consumer_throw, takes_an_exception_ptr_and_refuses_an_empty_one) {
    log_of_strings log;
    auto c = logger(log);
    EXPECT_TRUE(c.throw_(std::make_exception_ptr(std::runtime_error("p"))));
    EXPECT_THAT(thrown<weft::usage_error>([&] { c.throw_(std::exception_ptr()); }),
                AllOf(HasSubstr("throw_()"), HasSubstr("empty"), HasSubstr("pass an exception")));
    EXPECT_TRUE(c.send("a"));
    EXPECT_THAT(log, ElementsAre("caught p", "a"));
}

TEST(consumer_throw, a_thrown_generator_exit_propagates) {
    log_of_strings log;
    auto c = logger(log);
    EXPECT_THROW(c.throw_(generator_exit{}), generator_exit);
    EXPECT_EQ(c.state(), generator_state::closed);
}

// The destructor.

struct report {
    std::string error;
    std::string where;
};
std::vector<report> reports;  // these tests use one thread

void remember(std::exception_ptr error, std::string_view where) noexcept {
    reports.push_back({weft::describe_exception(error), std::string(where)});
}

class consumer_destructor : public ::testing::Test {
protected:
    consumer_destructor() { reports.clear(); }
    ~consumer_destructor() override { weft::set_unhandled_handler(before_); }

private:
    weft::unhandled_handler before_ = weft::set_unhandled_handler(&remember);
};

TEST_F(consumer_destructor, closes) {
    log_of_strings log;
    { auto c = logger(log); }
    EXPECT_THAT(log, ElementsAre("Going away. Goodbye"));
    EXPECT_TRUE(reports.empty());
}

TEST_F(consumer_destructor, reports_what_the_body_throws) {
    log_of_strings log;
    { auto c = logger(log, "throw"); }
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].error, "std::runtime_error: cleanup failed");
    EXPECT_THAT(reports[0].where, HasSubstr("destructor of a consumer"));
}

TEST_F(consumer_destructor, reports_an_ignored_exit_and_destroys_it_all_the_same) {
    log_of_strings log;
    {
        auto c = [](log_of_strings* to) -> consumer<int> {
            const farewell local(*to, std::string("local"));
            for (;;) {
                try {
                    static_cast<void>(co_await receive);
                } catch (const generator_exit&) {}
            }
        }(&log);
    }
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_THAT(reports[0].error, HasSubstr("weft::ignored_exit"));
    EXPECT_THAT(log, ElementsAre("local"));
}

TEST_F(consumer_destructor, reports_an_error_from_before_the_first_receive_that_nobody_got) {
    {
        auto c = [](int) -> consumer<int> {
            if (true) throw std::runtime_error("early");
            static_cast<void>(co_await receive);
        }(0);
    }
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].error, "std::runtime_error: early");
}

TEST_F(consumer_destructor, is_safe_while_another_exception_unwinds) {
    log_of_strings log;
    EXPECT_EQ(thrown<std::runtime_error>([&] {
                  auto c = logger(log, "throw");
                  throw std::runtime_error("outside");
              }),
              "outside");
    EXPECT_EQ(reports.size(), 1u);
}

// Targets.

consumer<std::string> stage(std::string name, log_of_strings& log, consumer<std::string> target) {
    try {
        for (;;) {
            const std::string line = co_await receive;
            target.send(line + name);
        }
    } catch (const generator_exit&) {
        log.push_back(name + " closed");
        throw;
    }
}

TEST(consumer_target, close_travels_to_the_end_of_a_chain_of_three) {
    log_of_strings log;
    auto chain = stage("1", log, stage("2", log, logger(log)));
    chain.send("x");
    EXPECT_THAT(log, ElementsAre("x12"));
    chain.close();
    EXPECT_THAT(log, ElementsAre("x12", "1 closed", "2 closed", "Going away. Goodbye"));
}

TEST(consumer_target, is_closed_when_the_body_ends_by_itself) {
    log_of_strings log;
    const auto once = [](consumer<std::string> target) -> consumer<std::string> {
        const std::string line = co_await receive;
        target.send(line);
    };
    auto first = once(logger(log));
    EXPECT_FALSE(first.send("only"));
    EXPECT_THAT(log, ElementsAre("only", "Going away. Goodbye"));
}

TEST(consumer_target, is_closed_when_the_body_fails) {
    log_of_strings log;
    const auto failing = [](consumer<std::string> target) -> consumer<std::string> {
        const std::string line = co_await receive;
        target.send(line);
        throw std::runtime_error("x");
    };
    auto first = failing(logger(log));
    EXPECT_THROW(first.send("only"), std::runtime_error);
    EXPECT_THAT(log, ElementsAre("only", "Going away. Goodbye"));
}

TEST(consumer_target, an_error_in_a_target_passes_up_the_chain) {
    log_of_strings log;
    const auto failing = [](int) -> consumer<std::string> {
        static_cast<void>(co_await receive);
        throw std::runtime_error("at the end");
    };
    auto chain = stage("1", log, stage("2", log, failing(0)));
    EXPECT_EQ(thrown<std::runtime_error>([&] { chain.send("x"); }), "at the end");
    EXPECT_EQ(chain.state(), generator_state::closed);
}

}  // namespace
