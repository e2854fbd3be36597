#include "weft/file/count_lines.hpp"

#include "weft/file/file_test.hpp"

#include <gtest/gtest.h>
#include <random>

namespace {

TEST(count_lines, counts_a_last_line_without_an_end) {
    EXPECT_EQ(weft::count_lines(""), 0U);
    EXPECT_EQ(weft::count_lines("\n"), 1U);
    EXPECT_EQ(weft::count_lines("a"), 1U);
    EXPECT_EQ(weft::count_lines("a\n\nb"), 3U);
    EXPECT_EQ(weft::count_newlines("a\n\nb"), 2U);
}

TEST(count_lines, agrees_with_splitting_at_any_size) {
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        std::string text(random() % 10000, 'x');
        const auto one_in = 1 + random() % 50;
        for (char& c : text)
            if (random() % one_in == 0) c = '\n';
        ASSERT_EQ(weft::count_lines(text), weft::file_test::plain_lines(text).size());
    }
}

}  // namespace
