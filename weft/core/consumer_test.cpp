#include "weft/core/consumer.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::consumer;
using weft::generator_state;
using weft::receive;
using weft::testing::farewell;
using weft::testing::thrown;

using log_of_strings = std::vector<std::string>;

constexpr unsigned grep_line = __LINE__ + 4;
consumer<std::string> grep(std::string pattern, log_of_strings& log) {
    log.push_back("looking for " + pattern);
    for (;;) {
        const std::string line = co_await receive;
        if (line.find(pattern) != line.npos) log.push_back(line);
    }
}

/// Receives `n` numbers and ends.
consumer<int> add(int n, int& sum) {
    for (; n > 0; --n) sum += co_await receive;
}

TEST(consumer, runs_to_its_first_receive_when_it_is_created) {
    log_of_strings log;
    auto python = grep("python", log);
    EXPECT_THAT(log, ElementsAre("looking for python"));
    EXPECT_EQ(python.state(), generator_state::suspended);
}

TEST(consumer, gets_each_item_that_is_sent) {
    log_of_strings log;
    auto python = grep("python", log);
    EXPECT_TRUE(python.send("no snakes here"));
    EXPECT_TRUE(python.send("python coroutines rock!"));
    EXPECT_THAT(log, ElementsAre("looking for python", "python coroutines rock!"));
}

TEST(consumer, send_says_when_the_body_has_ended) {
    int sum = 0;
    auto c = add(2, sum);
    EXPECT_TRUE(c.send(1));
    EXPECT_FALSE(c.send(2));
    EXPECT_EQ(sum, 3);
    EXPECT_FALSE(c.send(3));
    EXPECT_EQ(sum, 3);
    EXPECT_EQ(c.state(), generator_state::closed);
}

TEST(consumer, whose_body_receives_nothing_has_ended_at_once) {
    int sum = 0;
    auto c = add(0, sum);
    EXPECT_EQ(c.state(), generator_state::closed);
    EXPECT_FALSE(c.send(1));
    c.close();
}

TEST(consumer, an_error_in_the_body_reaches_the_sender_and_ends_it) {
    auto c = [](int) -> consumer<std::string> {
        for (;;) {
            const std::string text = co_await receive;
            static_cast<void>(std::stoi(text));
        }
    }(0);
    EXPECT_TRUE(c.send("1"));
    EXPECT_THROW(c.send("one"), std::invalid_argument);
    EXPECT_EQ(c.state(), generator_state::closed);
    EXPECT_FALSE(c.send("2"));
}

consumer<int> fails_early(farewell<log_of_strings> argument) {
    static_cast<void>(argument);
    if (true) throw std::runtime_error("before the first receive");
    static_cast<void>(co_await receive);
}

TEST(consumer, an_error_before_the_first_receive_is_thrown_by_the_first_send) {
    log_of_strings log;
    auto c = fails_early(farewell(log, std::string("argument")));
    EXPECT_EQ(c.state(), generator_state::closed);
    EXPECT_EQ(thrown<std::runtime_error>([&] { c.send(1); }), "before the first receive");
    EXPECT_THAT(log, ElementsAre("argument"));
    EXPECT_FALSE(c.send(1));
    c.close();
}

TEST(consumer, an_error_before_the_first_receive_is_thrown_by_close_or_throw) {
    log_of_strings log;
    auto closed = fails_early(farewell(log, std::string("1")));
    EXPECT_EQ(thrown<std::runtime_error>([&] { closed.close(); }), "before the first receive");
    closed.close();
    auto raised = fails_early(farewell(log, std::string("2")));
    EXPECT_EQ(thrown<std::runtime_error>([&] { raised.throw_(1); }), "before the first receive");
    EXPECT_THROW(raised.throw_(1), int);
}

TEST(consumer, releases_locals_and_arguments_when_the_body_ends) {
    log_of_strings log;
    auto c = [](log_of_strings* to, auto argument) -> consumer<int> {
        static_cast<void>(argument);
        const farewell local(*to, std::string("local"));
        static_cast<void>(co_await receive);
    }(&log, farewell(log, std::string("argument")));
    EXPECT_THAT(log, ElementsAre());
    EXPECT_FALSE(c.send(1));
    EXPECT_THAT(log, ElementsAre("local", "argument"));
}

TEST(consumer, goes_on_after_a_move) {
    int sum = 0;
    auto first = add(3, sum);
    first.send(1);
    auto second = std::move(first);
    second.send(2);
    consumer<int> third = add(1, sum);
    third = std::move(second);
    EXPECT_FALSE(third.send(3));
    EXPECT_EQ(sum, 6);
}

TEST(consumer, a_move_assignment_closes_what_was_there) {
    log_of_strings log;
    const auto make = [](log_of_strings* to, const char* name) -> consumer<int> {
        const farewell mine(*to, std::string(name));
        for (;;) static_cast<void>(co_await receive);
    };
    auto c = make(&log, "old");
    c = make(&log, "new");
    EXPECT_THAT(log, ElementsAre("old"));
    EXPECT_TRUE(c.send(1));
    auto& same = c;
    c = std::move(same);
    EXPECT_TRUE(c.send(1));
}

TEST(consumer, moved_from_is_a_clear_error) {
    int sum = 0;
    auto c = add(3, sum);
    const auto taken = std::move(c);
    const auto text = AllOf(HasSubstr("moved from"), HasSubstr("use the object"));
    EXPECT_THAT(thrown<weft::usage_error>([&] { c.send(1); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { c.throw_(1); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { c.close(); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(c.share()); }),
                AllOf(HasSubstr("share()"), HasSubstr("moved from")));
    EXPECT_EQ(c.state(), generator_state::closed);
    EXPECT_EQ(c.address(), nullptr);
    EXPECT_EQ(c.frame_bytes(), 0u);
    EXPECT_EQ(c.name(), "");
    EXPECT_EQ(c.where().line(), 0u);
}

TEST(consumer, can_be_looked_into) {
    log_of_strings log;
    auto c = grep("x", log);
    EXPECT_EQ(c.name(), "grep");
    EXPECT_EQ(c.where().line(), grep_line);
    EXPECT_THAT(c.where().file_name(), HasSubstr("consumer_test.cpp"));
    EXPECT_NE(c.address(), nullptr);
    EXPECT_GT(c.frame_bytes(), sizeof(std::string));
    c.close();
    EXPECT_EQ(c.address(), nullptr);
    EXPECT_EQ(c.where().line(), 0u);
    EXPECT_EQ(c.name(), "");
}

// Resuming one that runs.

const auto says_running = AllOf(HasSubstr("running already"), HasSubstr("own body"),
                                HasSubstr("cycle"), HasSubstr("second thread"));

TEST(consumer_running, every_use_from_its_own_body_is_refused_and_it_goes_on) {
    consumer<int>* self = nullptr;
    log_of_strings texts;
    auto c = [](consumer<int>** me, log_of_strings* to) -> consumer<int> {
        for (;;) {
            static_cast<void>(co_await receive);
            to->push_back(thrown<weft::already_executing>([&] { (*me)->send(1); }));
            to->push_back(thrown<weft::already_executing>([&] { (*me)->throw_(1); }));
            to->push_back(thrown<weft::already_executing>([&] { (*me)->close(); }));
        }
    }(&self, &texts);
    self = &c;
    EXPECT_TRUE(c.send(1));
    ASSERT_EQ(texts.size(), 3u);
    EXPECT_THAT(texts, ::testing::Each(says_running));
    EXPECT_THAT(texts[0], HasSubstr("send()"));
    EXPECT_THAT(texts[1], HasSubstr("throw_()"));
    EXPECT_THAT(texts[2], HasSubstr("close()"));
    EXPECT_TRUE(c.send(2));
}

consumer<int> pass_to(consumer<int>** next) {
    for (;;) {
        const int item = co_await receive;
        (*next)->send(item + 1);
    }
}

TEST(consumer_running, a_cycle_is_refused_and_the_whole_cycle_unwinds) {
    consumer<int>* a_at = nullptr;
    consumer<int>* b_at = nullptr;
    auto a = pass_to(&b_at);
    auto b = pass_to(&a_at);
    a_at = &a;
    b_at = &b;
    EXPECT_THAT(thrown<weft::already_executing>([&] { a.send(1); }),
                AllOf(says_running, HasSubstr("pass_to")));
    EXPECT_EQ(a.state(), generator_state::closed);
    EXPECT_EQ(b.state(), generator_state::closed);
}

TEST(consumer_running, a_second_thread_is_refused_and_the_first_goes_on) {
    std::latch entered(1);
    std::latch leave(1);
    int sum = 0;
    auto c = [](std::latch* in, std::latch* out, int* to) -> consumer<int> {
        for (;;) {
            *to += co_await receive;
            in->count_down();
            out->wait();
        }
    }(&entered, &leave, &sum);
    std::thread first([&] { EXPECT_TRUE(c.send(1)); });
    entered.wait();
    EXPECT_EQ(c.state(), generator_state::running);
    EXPECT_THAT(thrown<weft::already_executing>([&] { c.send(2); }), says_running);
    EXPECT_THAT(thrown<weft::already_executing>([&] { c.close(); }), says_running);
    EXPECT_THAT(thrown<weft::already_executing>([&] { c.throw_(2); }), says_running);
    leave.count_down();
    first.join();
    EXPECT_EQ(sum, 1);
    EXPECT_EQ(c.state(), generator_state::suspended);
}

TEST(consumer_running_death, destroying_one_that_runs_is_a_clear_end) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(
        {
            std::unique_ptr<consumer<int>> holder;
            const auto make = [](std::unique_ptr<consumer<int>>* h) -> consumer<int> {
                static_cast<void>(co_await receive);
                h->reset();
            };
            holder = std::make_unique<consumer<int>>(make(&holder));
            holder->send(1);
        },
        "a consumer was destroyed while its body runs: keep the consumer object alive");
}

}  // namespace
