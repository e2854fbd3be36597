#include "weft/core/consumer.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// share(): several handles on one body, for fan-in.

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

consumer<std::string> printer(log_of_strings& log) {
    const farewell local(log, std::string("closed"));
    for (;;) {
        std::string line = co_await receive;
        if (line == "stop") co_return;
        if (line == "fail") throw std::runtime_error("failed");
        log.push_back(std::move(line));
    }
}

TEST(consumer_share, all_handles_send_to_one_body) {
    log_of_strings log;
    auto a = printer(log);
    auto b = a.share();
    auto c = b.share();
    a.send("1");
    b.send("2");
    c.send("3");
    EXPECT_THAT(log, ElementsAre("1", "2", "3"));
    EXPECT_EQ(a.address(), c.address());
}

TEST(consumer_share, the_body_is_closed_with_the_last_handle) {
    log_of_strings log;
    {
        auto a = printer(log);
        {
            auto b = a.share();
            b.send("1");
        }
        EXPECT_THAT(log, ElementsAre("1"));
        a.send("2");
    }
    EXPECT_THAT(log, ElementsAre("1", "2", "closed"));
}

TEST(consumer_share, close_lets_go_of_one_handle_only) {
    log_of_strings log;
    auto a = printer(log);
    auto b = a.share();
    a.close();
    EXPECT_EQ(a.state(), generator_state::closed);
    EXPECT_FALSE(a.send("lost"));
    EXPECT_TRUE(b.send("kept"));
    b.close();
    EXPECT_THAT(log, ElementsAre("kept", "closed"));
}

TEST(consumer_share, every_handle_learns_that_the_body_has_ended) {
    log_of_strings log;
    auto a = printer(log);
    auto b = a.share();
    EXPECT_FALSE(a.send("stop"));
    EXPECT_EQ(b.state(), generator_state::closed);
    EXPECT_FALSE(b.send("x"));
    b.close();
    EXPECT_THAT(log, ElementsAre("closed"));
}

TEST(consumer_share, an_error_reaches_the_one_who_sent) {
    log_of_strings log;
    auto a = printer(log);
    auto b = a.share();
    EXPECT_THROW(a.send("fail"), std::runtime_error);
    EXPECT_FALSE(b.send("x"));
    EXPECT_FALSE(a.send("x"));
}

TEST(consumer_share, the_arguments_go_with_the_last_handle) {
    log_of_strings log;
    const auto once = [](farewell<log_of_strings> argument) -> consumer<int> {
        static_cast<void>(argument);
        static_cast<void>(co_await receive);
    };
    auto a = once(farewell(log, std::string("argument")));
    std::optional<consumer<int>> b = a.share();
    EXPECT_FALSE(a.send(1));
    EXPECT_THAT(log, ElementsAre());
    b.reset();
    EXPECT_THAT(log, ElementsAre("argument"));
}

TEST(consumer_share, of_one_that_has_ended_is_a_clear_error) {
    log_of_strings log;
    auto a = printer(log);
    a.close();
    EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(a.share()); }),
                AllOf(HasSubstr("share()"), HasSubstr("no body to share")));
}

TEST(consumer_share, several_stages_feed_one_printer_which_they_close_together) {
    log_of_strings log;
    const auto grep = [](std::string word, consumer<std::string> target) -> consumer<std::string> {
        for (;;) {
            const std::string line = co_await receive;
            if (line.find(word) != line.npos) target.send(word + ": " + line);
        }
    };
    {
        auto out = printer(log);
        auto python = grep("python", out.share());
        auto ply = grep("ply", out.share());
        out.close();
        for (const char* line : {"python", "a reply", "python and ply", "none"}) {
            python.send(line);
            ply.send(line);
        }
    }
    EXPECT_THAT(log, ElementsAre("python: python", "ply: a reply", "python: python and ply",
                                 "ply: python and ply", "closed"));
}

TEST(consumer_share, a_handle_may_be_let_go_of_inside_the_body) {
    log_of_strings log;
    std::optional<consumer<int>> other;
    auto c = [](std::optional<consumer<int>>* to, log_of_strings* into) -> consumer<int> {
        const farewell local(*into, std::string("closed"));
        for (;;) {
            static_cast<void>(co_await receive);
            to->reset();
        }
    }(&other, &log);
    other.emplace(c.share());
    EXPECT_TRUE(c.send(1));
    EXPECT_THAT(log, ElementsAre());
    c.close();
    EXPECT_THAT(log, ElementsAre("closed"));
}

TEST(consumer_share, handles_may_be_dropped_on_different_threads) {
    log_of_strings log;
    {
        auto a = printer(log);
        std::thread other([b = a.share()]() mutable { b.send("from the other thread"); });
        other.join();
        a.send("from this one");
    }
    EXPECT_THAT(log, ElementsAre("from the other thread", "from this one", "closed"));
}

}  // namespace
