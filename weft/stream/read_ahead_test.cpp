#include "weft/stream/read_ahead.hpp"

#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using weft::line_too_long;
using weft::detail::read_ahead;
using weft::testing::thrown;

void fill(read_ahead& a, std::string_view bytes) {
    const auto room = a.room(bytes.size());
    ASSERT_GE(room.size(), bytes.size());
    std::ranges::copy(bytes, room.begin());
    a.commit(bytes.size());
}

TEST(read_ahead, has_no_memory_until_it_is_used) {
    read_ahead a;
    EXPECT_EQ(a.capacity(), 0u);
    EXPECT_TRUE(a.empty());
    EXPECT_EQ(a.bytes(), "");
    EXPECT_EQ(a.take(nullptr, 10), 0u);
    EXPECT_EQ(a.take_line(10), std::nullopt);
    EXPECT_EQ(a.take_string(5), "");
    fill(a, "x");
    EXPECT_EQ(a.capacity(), read_ahead::first);
}

TEST(read_ahead, gives_what_was_put_in_piece_by_piece) {
    read_ahead a;
    fill(a, "hello ");
    fill(a, "world");
    char bytes[3];
    EXPECT_EQ(a.take(bytes, 3), 3u);
    EXPECT_EQ(std::string_view(bytes, 3), "hel");
    a.drop(3);
    EXPECT_EQ(a.bytes(), "world");
    EXPECT_EQ(a.take_string(100), "world");
    EXPECT_TRUE(a.empty());
}

TEST(read_ahead, splits_lines_at_either_end) {
    read_ahead a;
    fill(a, "one\r\n\n\r\ntwo\nthr");
    EXPECT_EQ(a.take_line(10), "one");
    EXPECT_EQ(a.take_line(10), "");
    EXPECT_EQ(a.take_line_view(10), "");
    EXPECT_EQ(a.take_line_view(10), "two");
    EXPECT_EQ(a.take_line(10), std::nullopt);
    EXPECT_EQ(a.bytes(), "thr");
    fill(a, "ee\r");
    EXPECT_EQ(a.take_line(5), std::nullopt) << "the end may come yet";
    fill(a, "\nrest\r");
    EXPECT_EQ(a.take_line(5), "three");
    EXPECT_EQ(a.take_line(5), std::nullopt);
    EXPECT_EQ(a.take_last_line(5), "rest\r");
    EXPECT_EQ(a.take_last_line_view(5), std::nullopt);
}

TEST(read_ahead, refuses_a_line_beyond_the_limit_and_keeps_it) {
    for (const std::string_view bytes : {"12345", "12345\n", "12345\r", "12345\r\n", "12345\nx"}) {
        read_ahead a;
        fill(a, bytes);
        EXPECT_THAT(thrown<line_too_long>([&a] { (void)a.take_line(4); }),
                    AllOf(HasSubstr("4 bytes"), HasSubstr("larger limit")));
        EXPECT_EQ(a.bytes(), bytes);
        const bool ends = bytes.find('\n') != bytes.npos;
        EXPECT_EQ(a.take_line(5), ends ? std::optional<std::string>("12345") : std::nullopt);
    }
    read_ahead last;
    fill(last, "12345");
    EXPECT_THROW((void)last.take_last_line(4), line_too_long);
    EXPECT_THROW((void)last.take_last_line_view(4), line_too_long);
    EXPECT_EQ(last.take_last_line_view(5), "12345");
}

TEST(read_ahead, finds_delimiters_that_come_in_parts) {
    const std::string_view text = "ab--c-d---e--";
    for (std::size_t step = 1; step < text.size(); ++step) {
        read_ahead a;
        std::vector<std::string> found;
        std::size_t searched = 0;
        for (std::size_t i = 0; i < text.size(); i += step) {
            fill(a, text.substr(i, step));
            while (auto one = a.take_until("--", 100, searched)) {
                found.push_back(*one);
                searched = 0;
            }
        }
        EXPECT_THAT(found, ::testing::ElementsAre("ab", "c-d", "-e"));
        EXPECT_TRUE(a.empty());
    }
}

TEST(read_ahead, limits_what_comes_before_a_delimiter) {
    read_ahead a;
    std::size_t searched = 0;
    fill(a, "123-");
    EXPECT_EQ(a.take_until("--", 4, searched), std::nullopt);
    fill(a, "4");
    EXPECT_EQ(a.take_until("--", 4, searched), std::nullopt);
    fill(a, "-");
    EXPECT_THROW((void)a.take_until("--", 4, searched), line_too_long);
    EXPECT_EQ(a.bytes(), "123-4-");
    fill(a, "-");
    EXPECT_THROW((void)a.take_until("--", 4, searched), line_too_long);
    EXPECT_EQ(a.take_until("--", 5, searched), "123-4");
}

TEST(read_ahead, looks_at_each_byte_of_a_long_line_once) {
    // Were it to begin anew for each byte, this would look at five thousand million of them.
    constexpr std::size_t length = 100'000;
    read_ahead a;
    for (std::size_t i = 0; i < length; ++i) {
        fill(a, "x");
        ASSERT_EQ(a.take_line_view(length), std::nullopt);
    }
    fill(a, "\n");
    EXPECT_EQ(a.take_line_view(length)->size(), length);
}

TEST(read_ahead, grows_while_reads_fill_it_and_no_further) {
    read_ahead a;
    for (int i = 0; i < 10; ++i) {
        a.commit(a.room().size());
        a.drop(a.size());
    }
    EXPECT_EQ(a.capacity(), read_ahead::usual_max);
    a.commit(a.room().size() / 2);
    a.drop(a.size());
    EXPECT_EQ(a.capacity(), read_ahead::usual_max) << "it is used";
    fill(a, "little");
    a.drop(6);
    EXPECT_EQ(a.capacity(), 0u) << "what comes is little now";
    fill(a, "little");
    a.drop(6);
    EXPECT_EQ(a.capacity(), read_ahead::first);
}

TEST(read_ahead, gives_large_memory_back) {
    read_ahead a;
    fill(a, std::string(1'000'000, 'x') + "\n");
    EXPECT_GE(a.capacity(), 1'000'001u);
    EXPECT_EQ(a.take_line(1'000'000)->size(), 1'000'000u);
    EXPECT_EQ(a.capacity(), 0u);
    fill(a, std::string(100'000, 'x') + "\n");
    const auto view = a.take_line_view(1'000'000);
    EXPECT_EQ(view->find_first_not_of('x'), view->npos) << "a view is valid until the next call";
    (void)a.room();
    EXPECT_EQ(a.capacity(), read_ahead::first);
}

TEST(read_ahead, needs_at_most_twice_what_it_keeps) {
    for (const std::size_t limit : {std::size_t{100}, std::size_t{5'000}, std::size_t{65'536}}) {
        read_ahead a;
        std::size_t most = 0;
        try {
            for (;;) {
                const auto room = a.room();
                std::ranges::fill(room, 'x');
                a.commit(room.size());
                most = std::max(most, a.capacity());
                ASSERT_FALSE(a.take_line_view(limit));
            }
        } catch (const line_too_long& e) {
            EXPECT_EQ(e.limit(), limit);
        }
        EXPECT_LE(most, std::max(read_ahead::usual_max, 2 * limit));
    }
}

TEST(read_ahead, takes_back_what_was_not_used) {
    read_ahead a;
    a.put_back("");
    EXPECT_EQ(a.capacity(), 0u);
    a.put_back(std::string(5'000, 'x'));
    EXPECT_EQ(a.size(), 5'000u);
}

TEST(read_ahead, moves) {
    read_ahead a;
    fill(a, "one\ntwo");
    read_ahead b(std::move(a));
    EXPECT_EQ(b.take_line(10), "one");
    fill(a, "again\n");
    EXPECT_EQ(a.take_line(10), "again");
    a = std::move(b);
    EXPECT_EQ(a.take_last_line(10), "two");
}

TEST(read_ahead, is_for_one_reader_at_a_time) {
    read_ahead a;
    {
        const read_ahead::reading held(a, "first");
        EXPECT_THAT(thrown<weft::usage_error>([&a] { a.check_free("second"); }),
                    AllOf(HasSubstr("second"), HasSubstr("another coroutine")));
    }
    a.check_free("third");
}

}  // namespace
