#include "weft/core/greenlet.hpp"

#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <thread>

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using weft::bad_switch;
using weft::greenlet;
using weft::testing::thrown;

TEST(greenlet_misuse, arguments_of_other_types_are_refused_before_the_beginning) {
    greenlet g([](int) {});
    EXPECT_THAT(thrown<bad_switch>([&] { g.switch_to(std::string("x")); }),
                AllOf(HasSubstr("takes int"), HasSubstr("std::string was sent")));
    EXPECT_THAT(thrown<bad_switch>([&] { g.switch_to(); }), HasSubstr("nothing was sent"));
    EXPECT_THAT(thrown<bad_switch>([&] { g.switch_to(1, 2); }), HasSubstr("tuple"));
    EXPECT_FALSE(g.started());
    g.switch_to(1);
    EXPECT_TRUE(g.dead());
}

TEST(greenlet_misuse, a_value_of_another_type_is_refused_in_the_sender) {
    greenlet main = greenlet::current();
    greenlet g([&main] { return main.switch_to<int>(); });
    g.switch_to();
    EXPECT_THAT(thrown<bad_switch>([&] { g.switch_to(1.5); }),
                AllOf(HasSubstr("waits in a switch_to for int"), HasSubstr("double was sent")));
    EXPECT_THROW(g.switch_to(), bad_switch);
    EXPECT_EQ(g.switch_to<int>(2), 2);  // It was left as it was.
}

TEST(greenlet_misuse, a_result_of_another_type_is_refused_in_the_parent) {
    greenlet g([] { return 1.5; });
    EXPECT_THAT(thrown<bad_switch>([&] { g.switch_to<int>(); }),
                AllOf(HasSubstr("ended with double"), HasSubstr("int")));
    EXPECT_TRUE(g.dead());
}

TEST(greenlet_misuse, a_literal_counts_as_a_string_view) {
    greenlet main = greenlet::current();
    greenlet g([&main](std::string_view first) {
        return std::string(first) + std::string(main.switch_to<std::string_view>());
    });
    g.switch_to("Ly");
    EXPECT_EQ(g.switch_to<std::string>("on"), "Lyon");
}

TEST(greenlet_misuse, a_switch_across_threads_is_refused) {
    greenlet g([] {});
    std::string to_fresh;
    std::string to_suspended;
    greenlet main = greenlet::current();
    greenlet suspended([&main] { main.switch_to(); });
    suspended.switch_to();
    std::thread([&] {
        to_fresh = thrown<weft::usage_error>([&] { g.switch_to(); });
        to_suspended = thrown<weft::usage_error>([&] { suspended.throw_(1); });
    }).join();
    EXPECT_THAT(to_fresh, AllOf(HasSubstr("switch_to()"), HasSubstr("another thread")));
    EXPECT_THAT(to_suspended, AllOf(HasSubstr("throw_()"), HasSubstr("thread that made it")));
    suspended.switch_to();
}

TEST(greenlet_misuse, each_thread_has_greenlets_of_its_own) {
    int sum = 0;
    std::thread([&sum] {
        greenlet main = greenlet::current();
        greenlet g([&main](int n) {
            for (;;) n += main.switch_to<int>(n);
        });
        for (int i = 0; i < 10; ++i) sum = g.switch_to<int>(i);
    }).join();
    EXPECT_EQ(sum, 45);
}

TEST(greenlet_misuse, one_that_was_moved_from_says_so) {
    greenlet g([] {});
    greenlet taken = std::move(g);
    EXPECT_FALSE(g);  // NOLINT(bugprone-use-after-move)
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.switch_to(); }), HasSubstr("moved from"));
}

}  // namespace
