#include "weft/pipeline/searcher.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

namespace {

using weft::searcher;
using method = searcher::method;
constexpr method methods[] = {method::best, method::plain, method::sse2, method::avx2};

/// The text in a block of its own size: AddressSanitizer sees each byte too many.
class exact_copy {
public:
    explicit exact_copy(std::string_view text)
        : data_(new char[text.size()]), view_(data_.get(), text.size()) {
        std::ranges::copy(text, data_.get());
    }
    operator std::string_view() const { return view_; }

private:
    std::unique_ptr<char[]> data_;
    std::string_view view_;
};

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

TEST(searcher, finds_a_pattern_wherever_it_stands) {
    const searcher python("python");
    EXPECT_EQ(python.find("python"), 0U);
    EXPECT_EQ(python.find("a python"), 2U);
    EXPECT_EQ(python.find("pytho"), searcher::npos);
    EXPECT_EQ(python.find("python python", 1), 7U);
    EXPECT_EQ(python.find("python", 7), searcher::npos);
    EXPECT_TRUE(python.is_in(std::string(1000, 'p') + "python"));
    EXPECT_FALSE(python.is_in(""));
}

TEST(searcher, finds_an_empty_pattern_everywhere) {
    const searcher empty("");
    EXPECT_EQ(empty.find("abc"), 0U);
    EXPECT_EQ(empty.find("abc", 3), 3U);
    EXPECT_TRUE(empty.is_in(""));
    EXPECT_TRUE(empty.is_in({}));
}

TEST(searcher, finds_nul_and_high_bytes) {
    const searcher nul(std::string("\0\xff", 2));
    EXPECT_EQ(nul.find(std::string_view("ab\0\xff", 4)), 2U);
    EXPECT_EQ(searcher(std::string(1, '\0')).find(std::string_view("ab\0", 3)), 2U);
}

TEST(searcher, agrees_with_string_view_find_on_any_text_by_any_method) {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        // Few letters: many near misses.
        const auto text_of = [&](std::size_t size) {
            std::string text(size, 'a');
            for (char& c : text) c = static_cast<char>('a' + random() % 3);
            return text;
        };
        const exact_copy text(text_of(random() % 120));
        const std::string pattern = text_of(random() % (random() % 4 == 0 ? 40 : 7));
        const std::size_t from = random() % 8;
        const std::size_t expected = std::string_view(text).find(pattern, from);
        for (const method m : methods) {
            searcher search(pattern);
            if (!search.use(m)) continue;
            ASSERT_EQ(search.find(text, from), expected)
                << "method " << static_cast<int>(m) << ", '" << pattern << "' in '"
                << std::string_view(text) << "' from " << from;
        }
    }
}

TEST(searcher, disregards_the_case_of_ascii_letters_alone) {
    std::mt19937 random(8);
    const std::string_view letters = "aAbB@`[{\x01!";  // Neighbours that differ in the same bit.
    for (int round = 0; round < 20000; ++round) {
        const auto text_of = [&](std::size_t size) {
            std::string text(size, 'a');
            for (char& c : text) c = letters[random() % letters.size()];
            return text;
        };
        const exact_copy text(text_of(random() % 120));
        const std::string pattern = text_of(random() % 5);
        const std::size_t expected = lower(text).find(lower(pattern));
        for (const method m : methods) {
            searcher search(pattern, searcher::letters::any_case);
            if (!search.use(m)) continue;
            ASSERT_EQ(search.find(text), expected)
                << "method " << static_cast<int>(m) << ", '" << pattern << "' in '"
                << std::string_view(text) << "'";
        }
    }
}

}  // namespace
