#include "weft/core/consumer.hpp"

#include "weft/base/counted_test.hpp"

#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// How items reach a consumer: how often they are copied, and whose object arrives.

namespace {

using ::testing::ElementsAre;
using weft::consumer;
using weft::receive;
using weft::testing::counted;

template <class Item>
consumer<Item> keep(std::vector<Item>& kept) {
    for (;;) {
        Item item = co_await receive;
        kept.push_back(std::move(item));
    }
}

TEST(consumer_values, an_lvalue_is_copied_once_and_stays) {
    using item = counted<struct lvalue_tag>;
    std::vector<item> kept;
    kept.reserve(4);
    auto c = keep(kept);
    item::reset();
    item mine(1);
    c.send(mine);
    c.send(std::as_const(mine));
    EXPECT_EQ(item::now.copies, 2);
    EXPECT_EQ(mine.value, 1);
    EXPECT_EQ(kept[0].value + kept[1].value, 2);
}

TEST(consumer_values, an_rvalue_is_never_copied) {
    using item = counted<struct rvalue_tag>;
    std::vector<item> kept;
    kept.reserve(4);
    auto c = keep(kept);
    item::reset();
    item mine(1);
    c.send(std::move(mine));
    c.send(item(2));
    EXPECT_EQ(item::now.copies, 0);
    EXPECT_EQ(kept[0].value + kept[1].value, 3);
}

TEST(consumer_values, a_const_rvalue_is_copied) {
    std::vector<std::string> kept;
    auto c = keep(kept);
    const std::string mine(100, 'x');
    c.send(std::move(mine));  // NOLINT: a const rvalue can only be copied.
    EXPECT_EQ(mine.size(), 100u);
    EXPECT_EQ(kept[0].size(), 100u);
}

TEST(consumer_values, move_only_items_pass) {
    std::vector<std::unique_ptr<int>> kept;
    auto c = keep(kept);
    c.send(std::make_unique<int>(1));
    auto named = std::make_unique<int>(2);
    c.send(std::move(named));
    EXPECT_EQ(*kept[0] + *kept[1], 3);
}

template <class Consumer, class Item>
concept takes = requires(Consumer c, Item&& item) { c.send(std::forward<Item>(item)); };

static_assert(takes<consumer<std::unique_ptr<int>>, std::unique_ptr<int>>);
static_assert(!takes<consumer<std::unique_ptr<int>>, std::unique_ptr<int>&>);
static_assert(takes<consumer<const std::string&>, std::string>);
static_assert(takes<consumer<std::string&>, std::string&>);
static_assert(!takes<consumer<std::string&>, std::string>);
static_assert(!takes<consumer<std::string&>, const std::string&>);
static_assert(!takes<consumer<std::string>, int*>);

TEST(consumer_values, a_const_reference_is_the_senders_own_object) {
    using item = counted<struct const_reference_tag, 4096>;
    const item* seen = nullptr;
    auto c = [](const item** to) -> consumer<const item&> {
        for (;;) {
            const item& got = co_await receive;
            *to = &got;
        }
    }(&seen);
    item::reset();
    const item mine(1);
    c.send(mine);
    EXPECT_EQ(seen, &mine);
    c.send(item(2));
    EXPECT_EQ(item::now.copies + item::now.moves, 0);
}

TEST(consumer_values, a_reference_lets_the_consumer_change_the_senders_object) {
    auto c = [](int) -> consumer<std::string&> {
        for (;;) {
            std::string& got = co_await receive;
            got += '!';
        }
    }(0);
    std::string mine = "hi";
    c.send(mine);
    c.send(mine);
    EXPECT_EQ(mine, "hi!!");
}

TEST(consumer_values, items_convert) {
    std::vector<std::string> strings;
    auto c = keep(strings);
    c.send("literal");
    c.send(std::string(3, 'x'));
    EXPECT_THAT(strings, ElementsAre("literal", "xxx"));
    std::vector<std::string_view> views;
    auto v = keep(views);
    const std::string text = "view";
    v.send(text);
    EXPECT_THAT(views, ElementsAre("view"));
}

TEST(consumer_values, a_receive_whose_value_is_not_used_takes_an_item) {
    int count = 0;
    auto c = [](int* to) -> consumer<std::unique_ptr<int>> {
        for (;;) {
            co_await receive;
            ++*to;
        }
    }(&count);
    c.send(std::make_unique<int>(1));
    c.send(nullptr);
    EXPECT_EQ(count, 2);
}

TEST(consumer_values, each_receive_takes_an_item) {
    std::vector<int> differences;
    auto c = [](std::vector<int>* to) -> consumer<int> {
        for (;;) {
            const int first = co_await receive;
            const int second = co_await receive;
            to->push_back(first - second);
        }
    }(&differences);
    for (const int n : {5, 3, 10, 1}) c.send(n);
    EXPECT_THAT(differences, ElementsAre(2, 9));
}

struct alignas(64) cache_line {
    std::uint64_t words[8] = {};
};

TEST(consumer_values, over_aligned_items_are_aligned) {
    bool aligned = true;
    auto c = [](bool* to) -> consumer<cache_line> {
        for (;;) {
            const cache_line got = co_await receive;
            *to = *to && reinterpret_cast<std::uintptr_t>(&got) % 64 == 0 && got.words[0] == 7;
        }
    }(&aligned);
    cache_line line;
    line.words[0] = 7;
    for (int i = 0; i < 5; ++i) c.send(line);
    EXPECT_TRUE(aligned);
}

TEST(consumer_values, a_failing_copy_of_an_item_ends_the_consumer_with_its_error) {
    using item = counted<struct failing_tag>;
    std::vector<item> kept;
    kept.reserve(4);
    auto c = keep(kept);
    item::reset();
    const item mine(1);
    item::fail_copy(1);
    EXPECT_THROW(c.send(mine), std::runtime_error);
    EXPECT_EQ(c.state(), weft::generator_state::closed);
    EXPECT_EQ(item::now.live, 1);
}

}  // namespace
