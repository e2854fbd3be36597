#include "weft/core/generator.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::generator;
using weft::generator_state;
using weft::nothing;
using weft::testing::counted;
using weft::testing::thrown;

generator<int, int> running_sum() {
    int sum = 0;
    for (;;) sum += co_yield sum;
}

TEST(generator_send, the_value_is_that_of_the_co_yield) {
    auto g = running_sum();
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.send(3), 3);
    EXPECT_EQ(g.send(4), 7);
}

TEST(generator_send, before_the_first_next_is_refused_and_the_generator_stays_usable) {
    auto g = running_sum();
    EXPECT_THAT(thrown<weft::not_started>([&] { g.send(3); }),
                AllOf(HasSubstr("send()"), HasSubstr("running_sum"), HasSubstr("not started"),
                      HasSubstr("call next() first"), HasSubstr("generator_send_test.cpp:")));
    EXPECT_EQ(g.state(), generator_state::created);
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.send(3), 3);
}

TEST(generator_send, a_refused_value_is_untouched) {
    auto g = [](int) -> generator<int, std::string> { co_yield 1; }(0);
    std::string value = "kept";
    EXPECT_THROW(g.send(std::move(value)), weft::not_started);
    EXPECT_EQ(value, "kept");  // NOLINT(bugprone-use-after-move): it was not moved.
}

TEST(generator_send, next_sends_the_empty_value) {
    auto g = running_sum();
    g.next();
    g.send(5);
    EXPECT_EQ(g.next(), 5);
}

generator<int, std::optional<int>> tell_apart() {
    for (;;) {
        std::optional<int> got = co_yield 0;
        got = co_yield got.has_value() ? 1 : -1;
    }
}

TEST(generator_send, an_optional_tells_next_from_send) {
    auto g = tell_apart();
    g.next();
    EXPECT_EQ(g.send(0), 1);
    g.next();
    EXPECT_EQ(g.next(), -1);
}

TEST(generator_send, to_a_finished_generator_says_finished) {
    auto g = [](int) -> generator<int, int> { co_yield 1; }(0);
    g.next();
    EXPECT_FALSE(g.send(1));
    EXPECT_FALSE(g.send(1));
    EXPECT_FALSE(g.next());
}

TEST(generator_send, an_lvalue_is_copied_once_and_stays) {
    using item = counted<struct lvalue_tag>;
    auto g = [](int* sum) -> generator<void, item> {
        for (;;) {
            const item got = co_yield nothing;
            *sum += got.value;
        }
    };
    int sum = 0;
    auto sink = g(&sum);
    sink.next();
    item::reset();
    item sent(4);
    sink.send(sent);
    EXPECT_EQ(item::now.copies, 1);
    EXPECT_EQ(sent.value, 4);
    EXPECT_EQ(sum, 4);
}

TEST(generator_send, an_rvalue_is_never_copied) {
    using item = counted<struct rvalue_tag>;
    auto sink = [](int* sum) -> generator<void, item> {
        for (;;) {
            const item got = co_yield nothing;
            *sum += got.value;
        }
    };
    int sum = 0;
    auto g = sink(&sum);
    g.next();
    item::reset();
    g.send(item(4));
    item named(5);
    g.send(std::move(named));
    EXPECT_EQ(item::now.copies, 0);
    EXPECT_EQ(sum, 9);
}

TEST(generator_send, a_const_object_is_not_moved_from) {
    auto g = [](std::string* kept) -> generator<void, std::string> { *kept = co_yield nothing; };
    std::string kept;
    auto sink = g(&kept);
    sink.next();
    const std::string sent(100, 'x');
    sink.send(std::move(sent));  // NOLINT: a const rvalue can only be copied.
    EXPECT_EQ(sent.size(), 100u);
    EXPECT_EQ(kept.size(), 100u);
}

TEST(generator_send, move_only_values_pass) {
    auto g = [](int n) -> generator<int, std::unique_ptr<int>> {
        while (n-- > 0) {
            const std::unique_ptr<int> got = co_yield n;
            if (got) n += *got;
        }
    }(2);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.send(std::make_unique<int>(10)), 10);
    EXPECT_EQ(g.next(), 9);
}

TEST(generator_send, a_reference_names_the_senders_own_object) {
    auto g = []() -> generator<void, std::string&> {
        for (;;) {
            std::string& got = co_yield nothing;
            got += "!";
        }
    }();
    g.next();
    std::string mine = "hi";
    g.send(mine);
    g.send(mine);
    EXPECT_EQ(mine, "hi!!");
}

TEST(generator_send, a_const_reference_makes_no_copy_and_takes_what_converts) {
    std::vector<std::string> seen;
    auto g = [](std::vector<std::string>* to) -> generator<const void*, const std::string&> {
        const void* at = nullptr;
        for (;;) {
            const std::string& got = co_yield at;
            to->push_back(got);
            at = &got;
        }
    }(&seen);
    g.next();
    const std::string mine = "mine";
    EXPECT_EQ(g.send(mine), static_cast<const void*>(&mine));
    g.send("literal");
    g.send(std::string("temporary"));
    EXPECT_THAT(seen, ElementsAre("mine", "literal", "temporary"));
}

template <class Generator, class Value>
concept sendable = requires(Generator g, Value&& v) { g.send(std::forward<Value>(v)); };

TEST(generator_send, converts_to_what_is_received) {
    auto g = [](int) -> generator<double, double> {
        double got = 0;
        for (;;) got = co_yield got / 2;
    }(0);
    g.next();
    EXPECT_EQ(g.send(3), 1.5);
    static_assert(sendable<generator<double, double>, int>);
    static_assert(!sendable<generator<double, double>, std::string>);
    static_assert(!sendable<generator<double>, double>);
    static_assert(!sendable<generator<double, std::string&>, const std::string&>);
}

struct no_default {
    explicit no_default(int n) : value(n) {}
    int value;
};

TEST(generator_send, next_cannot_send_nothing_to_what_has_no_empty_value) {
    auto g = [](int) -> generator<int, no_default> {
        const no_default got = co_yield 1;
        co_yield got.value;
    };
    auto sent = g(0);
    sent.next();
    EXPECT_EQ(sent.send(no_default(5)), 5);
    auto asked = g(0);
    asked.next();
    EXPECT_THAT(thrown<weft::usage_error>([&] { asked.next(); }),
                AllOf(HasSubstr("next()"), HasSubstr("use send()"), HasSubstr("std::optional")));
    EXPECT_EQ(asked.state(), generator_state::closed);
}

TEST(generator_send, a_receiver_only_yields_nothing) {
    std::vector<int> got;
    auto g = [](std::vector<int>* to) -> generator<void, int> {
        for (int i = 0; i < 2; ++i) to->push_back(co_yield nothing);
    }(&got);
    EXPECT_TRUE(g.next());
    EXPECT_TRUE(g.send(1));
    EXPECT_FALSE(g.send(2));
    EXPECT_THAT(got, ElementsAre(1, 2));
}

TEST(generator_send, an_error_in_the_receivers_body_reaches_the_sender) {
    auto g = [](int) -> generator<void, std::string> {
        for (;;) {
            const std::string got = co_yield nothing;
            static_cast<void>(std::stoi(got));
        }
    }(0);
    g.next();
    EXPECT_TRUE(g.send("12"));
    EXPECT_THROW(g.send("twelve"), std::invalid_argument);
    EXPECT_FALSE(g.send("13"));
}

TEST(generator_send, a_generator_that_both_yields_and_receives_mixes_them) {
    // B.4: the value that answers a send() is easily lost: the 3 is the result of send().
    auto g = [](int n) -> generator<int, std::optional<int>> {
        while (n >= 0) {
            const std::optional<int> got = co_yield n;
            n = got ? *got : n - 1;
        }
    }(5);
    std::vector<int> seen;
    while (auto item = g.next()) {
        seen.push_back(*item);
        if (seen.back() == 5) {
            EXPECT_EQ(g.send(3), 3);
        }
    }
    EXPECT_THAT(seen, ElementsAre(5, 2, 1, 0));
}

}  // namespace
