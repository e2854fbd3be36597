#include "compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::tour {
namespace {

using testing::HasSubstr;

TEST(tour_compare, equal_texts_agree) {
    EXPECT_EQ(difference("", ""), "");
    EXPECT_EQ(difference("a\nb\n", "a\nb\n"), "");
}

TEST(tour_compare, a_line_too_few_or_too_many_is_found) {
    EXPECT_THAT(difference("a\nb\n", "a\n"), HasSubstr("- b\n  + (the end)"));
    EXPECT_THAT(difference("a\n", "a\nb\n"), HasSubstr("- (the end)\n  + b"));
    EXPECT_THAT(difference("a\n", ""), HasSubstr("line 1"));
    EXPECT_NE(difference("", "a\n"), "");
}

TEST(tour_compare, the_difference_comes_with_the_lines_before_it) {
    EXPECT_EQ(difference("1\n2\n3\n4\nfive\n", "1\n2\n3\n4\n5\n"),
              "line 5: '-' is expected, '+' was printed\n"
              "    2\n    3\n    4\n"
              "  - five\n"
              "  + 5\n");
}

TEST(tour_compare, dots_stand_for_some_characters_of_a_line) {
    EXPECT_EQ(difference("at 0x…\n", "at 0x7f00\n"), "");
    EXPECT_EQ(difference("… ns, … ms\n", "12 ns, 3 ms\n"), "");
    EXPECT_NE(difference("at 0x…\n", "at 0x\n"), "");
    EXPECT_NE(difference("… ns\n", "12 ms\n"), "");
    EXPECT_NE(difference("a…\n", "a\nb\n"), "");
}

TEST(tour_compare, an_ellipsis_of_lines_stands_for_any_number) {
    EXPECT_EQ(difference("1\n⋮\n9\n", "1\n9\n"), "");
    EXPECT_EQ(difference("1\n⋮\n9\n", "1\n2\n9\n8\n9\n"), "");
    EXPECT_NE(difference("1\n⋮\n9\n", "1\n2\n3\n"), "");
    EXPECT_EQ(difference("⋮\n", ""), "");
}

}  // namespace
}  // namespace weft::tour
