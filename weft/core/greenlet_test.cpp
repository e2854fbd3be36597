#include "weft/core/greenlet.hpp"

#include "weft/base/counted_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::greenlet;

TEST(greenlet, does_not_run_before_the_first_switch) {
    bool ran = false;
    greenlet g([&ran] { ran = true; });
    EXPECT_FALSE(ran);
    EXPECT_FALSE(g.started());
    g.switch_to();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(g.dead());
}

TEST(greenlet, the_first_switch_passes_the_arguments) {
    greenlet g([](int a, const std::string& b) { return b + std::to_string(a); });
    EXPECT_EQ(g.switch_to<std::string>(7, std::string("seven")), "seven7");
}

TEST(greenlet, a_function_with_a_name_will_do) {
    greenlet g(+[](int n) { return n + 1; });
    EXPECT_EQ(g.switch_to<int>(1), 2);
}

TEST(greenlet, later_switches_return_values_on_both_sides) {
    greenlet main = greenlet::current();
    greenlet g([&main](int first) {
        int sum = first;
        while (sum < 100) sum += main.switch_to<int>(sum);
        return -sum;
    });
    EXPECT_EQ(g.switch_to<int>(1), 1);
    EXPECT_EQ(g.switch_to<int>(2), 3);
    EXPECT_EQ(g.switch_to<int>(4), 7);
    EXPECT_EQ(g.switch_to<int>(93), -100);
    EXPECT_TRUE(g.dead());
}

TEST(greenlet, several_values_are_a_tuple) {
    greenlet main = greenlet::current();
    greenlet g([&main] {
        const auto [n, text] = main.switch_to<std::tuple<int, std::string>>();
        return text + std::to_string(n);
    });
    g.switch_to();
    EXPECT_EQ(g.switch_to<std::string>(3, std::string("three")), "three3");
}

TEST(greenlet, who_names_no_result_discards_what_comes) {
    greenlet main = greenlet::current();
    greenlet g([&main] {
        main.switch_to(std::string("unheard"));
        return 5;
    });
    g.switch_to();
    g.switch_to();
    EXPECT_TRUE(g.dead());
}

TEST(greenlet, arguments_are_moved_onto_the_new_stack) {
    using item = weft::testing::counted<struct here>;
    item::reset();
    {
        greenlet g([](item one) { return one.value; });
        EXPECT_EQ(g.switch_to<int>(item(9)), 9);
    }
    EXPECT_EQ(item::now.copies, 0);
    EXPECT_EQ(item::now.live, 0);
}

TEST(greenlet, results_are_moved_out_and_destroyed) {
    using item = weft::testing::counted<struct there>;
    item::reset();
    {
        greenlet g([] { return item(4); });
        EXPECT_EQ(g.switch_to<item>().value, 4);
    }
    EXPECT_EQ(item::now.copies, 0);
    EXPECT_EQ(item::now.live, 0);
    greenlet unheard([] { return item(4); });
    unheard.switch_to();
    EXPECT_EQ(item::now.live, 0);
}

TEST(greenlet, what_can_only_be_moved_crosses) {
    greenlet g([](std::unique_ptr<int> in) {
        ++*in;
        return in;
    });
    EXPECT_EQ(*g.switch_to<std::unique_ptr<int>>(std::make_unique<int>(1)), 2);
}

TEST(greenlet, the_callable_is_destroyed_when_the_body_ends_or_never_begins) {
    auto token = std::make_shared<int>(0);
    greenlet ended([token] {});
    {
        greenlet never([token] {});
        EXPECT_EQ(token.use_count(), 3);
    }
    EXPECT_EQ(token.use_count(), 2);
    ended.switch_to();
    EXPECT_EQ(token.use_count(), 1);
}

TEST(greenlet, peers_switch_to_each_other_without_the_parent) {
    std::vector<std::string> said;
    greenlet* other = nullptr;
    greenlet ping([&] {
        said.emplace_back("ping 1");
        other->switch_to();
        said.emplace_back("ping 2");
    });
    greenlet pong([&] {
        said.emplace_back("pong 1");
        ping.switch_to();
        said.emplace_back("never");
    });
    other = &pong;
    ping.switch_to();
    EXPECT_THAT(said, ElementsAre("ping 1", "pong 1", "ping 2"));
    EXPECT_FALSE(pong.dead());
}

TEST(greenlet, current_is_who_runs) {
    const greenlet main = greenlet::current();
    EXPECT_FALSE(main.parent());
    bool same = false;
    greenlet g([&] { same = greenlet::current() == g; });
    g.switch_to();
    EXPECT_TRUE(same);
    EXPECT_EQ(greenlet::current(), main);
}

TEST(greenlet, switching_to_oneself_returns_what_was_sent) {
    EXPECT_EQ(greenlet::current().switch_to<int>(3), 3);
}

TEST(greenlet, has_the_stack_that_was_asked_for) {
    greenlet g(
        [] {
            volatile char room[700 * 1024];
            room[0] = 1;
            return static_cast<int>(room[0]);
        },
        weft::greenlet_options{}.stack(1024 * 1024));
    EXPECT_EQ(g.switch_to<int>(), 1);
}

TEST(greenlet, ten_thousand_are_alive_at_once) {
    greenlet main = greenlet::current();
    std::vector<greenlet> all;
    int begun = 0;
    for (int i = 0; i < 10'000; ++i)
        all.emplace_back([&] {
            ++begun;
            main.switch_to();
            --begun;
        });
    for (greenlet& each : all) each.switch_to();
    EXPECT_EQ(begun, 10'000);
    for (greenlet& each : all) each.switch_to();
    EXPECT_EQ(begun, 0);
}

}  // namespace
