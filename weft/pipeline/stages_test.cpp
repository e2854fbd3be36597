#include "weft/pipeline/stages.hpp"

#include "weft/pipeline/counted_test.hpp"
#include "weft/pipeline/sinks.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using weft::pipeline_test::counted;
using weft::pipeline_test::counts;
using ints = std::vector<int>;

bool is_even(int n) {
    return n % 2 == 0;
}

weft::generator<int> up_to(int n, int& pulled) {
    for (int i = 1; i <= n; ++i) {
        pulled = i;
        co_yield std::move(i);
    }
}

template <class Range>
ints collect(Range&& range) {
    ints all;
    for (auto&& n : range) all.push_back(n);
    return all;
}

TEST(stages, pull_lazily_from_a_range) {
    int pulled = 0;
    auto evens = up_to(10, pulled) | weft::filter(is_even);
    EXPECT_EQ(pulled, 0);
    EXPECT_EQ(*evens.next(), 2);
    EXPECT_EQ(pulled, 2);
    EXPECT_EQ(collect(evens), (ints{4, 6, 8, 10}));
}

TEST(stages, borrow_an_lvalue_and_keep_an_rvalue) {
    ints numbers{1, 2, 3, 4};
    auto borrowed = numbers | weft::filter(is_even);
    numbers[1] = 20;
    EXPECT_EQ(collect(borrowed), (ints{20, 4}));
    EXPECT_EQ(collect(ints{1, 2, 3, 4} | weft::filter(is_even)), (ints{2, 4}));
    int pulled = 0;
    auto source = up_to(4, pulled);
    EXPECT_EQ(collect(source | weft::take(2)), (ints{1, 2}));
    EXPECT_EQ(collect(source), (ints{3, 4}));
}

TEST(stages, push_into_a_consumer) {
    ints result;
    auto evens = weft::filter(is_even) | weft::append_to(result);
    for (int n = 1; n <= 6; ++n) EXPECT_TRUE(evens.send(n));
    evens.close();
    EXPECT_EQ(result, (ints{2, 4, 6}));
}

TEST(stages, are_composed_and_used_in_both_directions) {
    const auto two_doubled =
        weft::filter(is_even) | weft::take(2) | weft::transform([](int n) { return n * 2; });
    int pulled = 0;
    EXPECT_EQ(collect(up_to(10, pulled) | two_doubled), (ints{4, 8}));
    EXPECT_EQ(pulled, 4);
    ints result;
    EXPECT_EQ(up_to(10, pulled) | (two_doubled | weft::append_to(result)), 4U);
    EXPECT_EQ(result, (ints{4, 8}));
    EXPECT_EQ(pulled, 4);
}

TEST(stages, drive_a_consumer_from_a_range_and_close_it) {
    ints result;
    auto sink = weft::append_to(result);
    EXPECT_EQ((ints{1, 2, 3} | sink), 3U);
    EXPECT_EQ(sink.state(), weft::generator_state::closed);
    EXPECT_EQ((ints{4} | sink), 0U);
    EXPECT_EQ(result, (ints{1, 2, 3}));
}

TEST(stages, hand_on_objects_without_copies) {
    counts count;
    std::vector<counted> items;
    items.reserve(3);
    for (int i = 0; i < 3; ++i) items.emplace_back(i, count);
    int sum = 0;
    for (const counted& item :
         std::as_const(items) | weft::filter([](const counted& c) { return c.value() > 0; }) |
             weft::take(5) |
             weft::tee(weft::for_each([&](const counted& c) { sum += 10 * c.value(); })))
        sum += item.value();
    EXPECT_EQ(sum, 33);
    items | (weft::take(5) | weft::for_each([&](const counted& c) { sum += c.value(); }));
    EXPECT_EQ(sum, 36);
    EXPECT_EQ(count.copies, 0);
    EXPECT_EQ(count.moves, 0);
}

TEST(stages, move_items_that_are_sent_by_value) {
    counts count;
    std::vector<counted> result;
    result.reserve(1);
    auto push =
        weft::take(3) | weft::filter([](const counted&) { return true; }) | weft::append_to(result);
    push.send(counted(1, count));
    EXPECT_EQ(count.copies, 0);
    EXPECT_LE(count.moves, 4);
}

TEST(stages, work_with_move_only_items) {
    const auto make = [](int n) { return std::make_unique<int>(n); };
    int sum = 0;
    for (std::unique_ptr<int> p : ints{1, 2, 3} | weft::transform(make) |
                                      weft::filter([](const auto& q) { return *q != 2; }))
        sum += *p;
    EXPECT_EQ(sum, 4);
    std::vector<std::unique_ptr<int>> result;
    ints{1, 2, 3} | (weft::transform<int>(make) | weft::take(2) | weft::append_to(result));
    ASSERT_EQ(result.size(), 2U);
    EXPECT_EQ(*result[1], 2);
}

TEST(take, ends_with_its_last_item_and_asks_for_no_more) {
    int pulled = 0;
    EXPECT_EQ(collect(up_to(10, pulled) | weft::take(3)), (ints{1, 2, 3}));
    EXPECT_EQ(pulled, 3);
    EXPECT_EQ(collect(up_to(10, pulled) | weft::take(0)), ints{});
    ints result;
    auto push = weft::take(2) | weft::append_to(result);
    EXPECT_TRUE(push.send(1));
    EXPECT_FALSE(push.send(2));
    EXPECT_FALSE(push.send(3));
    auto none = weft::take(0) | weft::append_to(result);
    EXPECT_FALSE(none.send(1));
    EXPECT_EQ(result, (ints{1, 2}));
}

TEST(count, counts_what_passes) {
    std::size_t before = 0;
    long after = 0;
    int pulled = 0;
    EXPECT_EQ(
        collect(up_to(5, pulled) | weft::count(before) | weft::filter(is_even) | weft::count(after))
            .size(),
        2U);
    EXPECT_EQ(before, 5U);
    EXPECT_EQ(after, 2);
}

TEST(tee, goes_on_when_its_consumer_has_ended) {
    ints first;
    ints all;
    ints{1, 2, 3} | (weft::tee(weft::take(1) | weft::append_to(first)) | weft::append_to(all));
    EXPECT_EQ(first, ints{1});
    EXPECT_EQ(all, (ints{1, 2, 3}));
}

weft::consumer<int> fails_when_closed(bool& closed) {
    try {
        for (;;) {
            int n = co_await weft::receive;
            if (n < 0) throw std::runtime_error("negative");
        }
    } catch (const weft::generator_exit&) {
        closed = true;
        throw std::runtime_error("the disk is full");
    }
}

TEST(stages, pass_close_on_and_throw_what_the_sink_throws) {
    bool closed = false;
    auto push = weft::filter(is_even) | weft::take(9) | weft::transform([](int n) { return n; }) |
                fails_when_closed(closed);
    push.send(2);
    EXPECT_THROW(push.close(), std::runtime_error);
    EXPECT_TRUE(closed);
    closed = false;
    EXPECT_THROW(collect(ints{1} | weft::tee(fails_when_closed(closed))), std::runtime_error);
    EXPECT_TRUE(closed);
}

TEST(stages, throw_the_error_of_a_sink_to_the_sender) {
    bool closed = false;
    auto push = weft::filter(is_even) | fails_when_closed(closed);
    EXPECT_THROW(push.send(-2), std::runtime_error);
    EXPECT_EQ(push.state(), weft::generator_state::closed);
}

}  // namespace
