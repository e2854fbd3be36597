#include "weft/pipeline/regex.hpp"

#include "weft/base/error.hpp"
#include "weft/file/file_test.hpp"

#include <gtest/gtest.h>

namespace {

using weft::regex;

TEST(regex, matches_anywhere_in_a_line) {
    const regex word("pyth[aeiou]n+");
    EXPECT_TRUE(word.is_in("a python"));
    EXPECT_TRUE(word.is_in("pythannn"));
    EXPECT_FALSE(word.is_in("pythn"));
    EXPECT_FALSE(word.is_in(""));
    EXPECT_TRUE(regex("^$").is_in(""));
    EXPECT_TRUE(regex("a|b").is_in("xb"));
}

TEST(regex, takes_the_bounds_of_the_view_for_the_bounds_of_the_line) {
    const std::string_view text = "xabcx";
    EXPECT_TRUE(regex("^abc$").is_in(text.substr(1, 3)));
    EXPECT_FALSE(regex("^abc$").is_in(text));
}

TEST(regex, looks_behind_nul_bytes) {
    EXPECT_TRUE(regex("python$").is_in(std::string_view("\0python", 7)));
}

TEST(regex, can_disregard_case) {
    EXPECT_FALSE(regex("python").is_in("PyThOn"));
    EXPECT_TRUE(regex("python").ignoring_case().is_in("PyThOn"));
}

TEST(regex, says_what_is_wrong_with_an_expression) {
    using weft::file_test::error_text;
    const auto text = [](const char* expression) {
        return error_text<weft::usage_error>([&] { regex r{std::string(expression)}; });
    };
    EXPECT_EQ(text("a(b"),
              "regex(\"a(b\"): Unmatched ( or \\( (extended regular expressions, as in "
              "grep -E; put a backslash before a character that stands for itself)");
    EXPECT_NE(text("[a"), "");
    EXPECT_NE(text("a\nb").find("newline"), std::string::npos);
}

TEST(regex, knows_a_string_that_is_in_every_match) {
    const auto literal = [](const char* expression) { return regex(expression).literal(); };
    EXPECT_EQ(literal("python"), "python");
    EXPECT_EQ(literal("^GET .*python$"), "python");
    EXPECT_EQ(literal("a.bcd"), "bcd");
    EXPECT_EQ(literal("abc*d"), "ab");
    EXPECT_EQ(literal("ab+?"), "a");
    EXPECT_EQ(literal("ab{2,3}cde"), "cde");
    EXPECT_EQ(literal("x\\.html"), "x.html");
    EXPECT_EQ(literal("[[:alpha:]]x[]a]yz"), "yz");
    EXPECT_EQ(literal("\\<word\\>"), "word");
    EXPECT_EQ(literal("a|b"), "");
    EXPECT_EQ(literal("(ab)?"), "");
    EXPECT_EQ(literal(""), "");
}

}  // namespace
