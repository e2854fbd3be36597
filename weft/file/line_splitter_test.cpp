#include "weft/file/line_splitter.hpp"

#include "weft/file/file_test.hpp"

#include <gtest/gtest.h>
#include <random>

namespace {

/// Copied to where the padding holds ends of lines, which must not count.
std::vector<std::string> split(std::string_view text) {
    const std::string padded = std::string(text) + std::string(weft::line_buffer::padding, '\n');
    std::vector<std::string> lines;
    std::string_view line;
    for (weft::line_splitter s(std::string_view(padded).substr(0, text.size())); s.next(line);)
        lines.emplace_back(line);
    return lines;
}

using strings = std::vector<std::string>;

TEST(line_splitter, splits_at_each_newline) {
    EXPECT_EQ(split("a\nbc\n"), (strings{"a", "bc"}));
    EXPECT_EQ(split(""), strings{});
    EXPECT_EQ(split("\n"), strings{""});
    EXPECT_EQ(split("\n\n\n"), (strings{"", "", ""}));
}

TEST(line_splitter, gives_a_last_line_without_an_end) {
    EXPECT_EQ(split("a\nb"), (strings{"a", "b"}));
    EXPECT_EQ(split("b"), strings{"b"});
}

TEST(line_splitter, leaves_carriage_returns_and_nul_bytes_alone) {
    EXPECT_EQ(split("a\r\nb\n"), (strings{"a\r", "b"}));
    EXPECT_EQ(split(std::string_view("b\0c\n", 4)), strings{std::string("b\0c", 3)});
}

TEST(line_splitter, splits_a_block_without_an_address) {
    EXPECT_EQ(split({}), strings{});
}

TEST(line_splitter, agrees_with_find_on_any_text) {
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        std::string text(random() % 300, 'x');
        const auto one_in = 1 + random() % 90;
        for (char& c : text)
            if (random() % one_in == 0) c = '\n';
        ASSERT_EQ(split(text), weft::file_test::plain_lines(text)) << "round " << round;
    }
}

}  // namespace
