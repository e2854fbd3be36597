#include "weft/pipeline/adapters.hpp"

#include "weft/pipeline/grep.hpp"
#include "weft/pipeline/sinks.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

namespace {

using ints = std::vector<int>;
using strings = std::vector<std::string>;

weft::generator<int, int> receives(ints& items, int most) {
    for (int i = 0; i < most; ++i) {
        int item = co_yield 0;
        items.push_back(item);
    }
}

TEST(feed, leaves_the_consumer_open) {
    ints items;
    auto sink = weft::append_to(items);
    EXPECT_EQ(weft::feed(ints{1, 2}, sink), 2U);
    EXPECT_EQ(weft::feed(ints{3}, sink), 1U);
    EXPECT_EQ(items, (ints{1, 2, 3}));
}

TEST(primed, makes_a_consumer_of_a_generator) {
    ints items;
    auto sink = weft::primed(receives(items, 3));
    EXPECT_EQ((ints{1, 2, 3, 4} | sink), 3U);
    EXPECT_EQ(items, (ints{1, 2, 3}));
}

weft::generator<void, int> fails_at_once() {
    throw std::runtime_error("at once");
    co_yield weft::nothing;
}

TEST(primed, throws_an_error_before_the_first_yield_from_the_first_send) {
    auto sink = weft::primed(fails_at_once());
    EXPECT_THROW(sink.send(1), std::runtime_error);
}

weft::generator<void, int> says_goodbye(bool& closed) {
    try {
        for (;;) {
            int item = co_yield weft::nothing;
            static_cast<void>(item);
        }
    } catch (const weft::generator_exit&) {
        closed = true;
    }
}

TEST(primed, closes_the_generator_when_it_is_closed) {
    bool closed = false;
    auto sink = weft::primed(says_goodbye(closed));
    sink.send(1);
    sink.close();
    EXPECT_TRUE(closed);
}

/// Sends nothing for an odd number, two for an even one, and one more when it is closed.
weft::consumer<int> twice_if_even(weft::consumer<int> target) {
    try {
        for (;;) {
            int n = co_await weft::receive;
            if (n % 2 != 0) continue;
            target.send(n);
            target.send(n + 1);
        }
    } catch (const weft::generator_exit&) {
        target.send(-1);
    }
}

TEST(through, drives_a_push_stage_as_pull) {
    ints result;
    for (int n : weft::through(ints{1, 2, 3, 4}, twice_if_even)) result.push_back(n);
    EXPECT_EQ(result, (ints{2, 3, 4, 5, -1}));
}

TEST(through, keeps_the_text_of_lines) {
    strings result;
    const auto make = [](weft::consumer<std::string_view> target) {
        return weft::grep("y") | weft::take(2) | std::move(target);
    };
    for (std::string_view line : weft::through(strings{"xy", "x", "zy", "y"}, make))
        result.emplace_back(line);
    EXPECT_EQ(result, (strings{"xy", "zy"}));
}

}  // namespace
