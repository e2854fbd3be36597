#include "weft/base/check.hpp"

#include <gtest/gtest.h>

namespace {

TEST(check_death, a_failed_check_prints_the_text_the_place_and_the_condition_and_aborts) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    const bool whole = false;
    EXPECT_DEATH(
        WEFT_CHECK(whole, "the world is broken: mend it"),
        "weft: fatal: the world is broken: mend it\n.*check_test.cpp:[0-9]+: check failed: "
        "whole");
}

TEST(check, a_true_condition_is_evaluated_once) {
    int evaluated = 0;
    WEFT_CHECK(++evaluated == 1, "never printed");
    EXPECT_EQ(evaluated, 1);
}

TEST(check, a_debug_check_costs_nothing_in_release_builds) {
    int evaluated = 0;
    WEFT_DCHECK(++evaluated == 1, "never printed");
#ifdef NDEBUG
    EXPECT_EQ(evaluated, 0);
#else
    EXPECT_EQ(evaluated, 1);
#endif
}

TEST(check, is_one_statement) {
    bool otherwise = false;
    if (false)
        WEFT_CHECK(true, "");
    else
        otherwise = true;
    EXPECT_TRUE(otherwise);
}

}  // namespace
