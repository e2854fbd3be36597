#include "weft/file/line_buffer.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace {

void put(weft::line_buffer& buffer, std::string_view text) {
    const std::span<char> room = buffer.room();
    ASSERT_GE(room.size(), text.size());
    std::ranges::copy(text, room.begin());
    buffer.added(text.size());
}

TEST(line_buffer, gives_whole_lines_and_keeps_the_rest) {
    weft::line_buffer buffer;
    put(buffer, "one\ntwo\nthr");
    EXPECT_EQ(buffer.whole_lines(), "one\ntwo\n");
    EXPECT_EQ(buffer.whole_lines(), "");
    put(buffer, "ee\nfo");
    EXPECT_EQ(buffer.whole_lines(), "three\n");
    EXPECT_EQ(buffer.rest(), "fo");
    EXPECT_EQ(buffer.rest(), "");
}

TEST(line_buffer, gives_nothing_before_anything_was_added) {
    weft::line_buffer buffer;
    EXPECT_EQ(buffer.whole_lines(), "");
    EXPECT_EQ(buffer.rest(), "");
}

TEST(line_buffer, grows_for_a_line_longer_than_a_block) {
    weft::line_buffer buffer(16);
    std::string all;
    for (int i = 0; i < 1000; ++i) {
        put(buffer, "12345678");
        all += "12345678";
        ASSERT_EQ(buffer.whole_lines(), "");
    }
    put(buffer, "\n");
    EXPECT_EQ(buffer.whole_lines(), all + "\n");
}

// Found by fuzz_lines: with no bytes a block, a buffer that was full had no room and did not grow.
TEST(line_buffer, has_room_whatever_the_size_of_a_block) {
    for (const std::size_t block_bytes : {0, 1, 2, 15}) {
        weft::line_buffer buffer(block_bytes);
        for (int i = 0; i < 100; ++i) {
            const std::span<char> room = buffer.room();
            ASSERT_FALSE(room.empty()) << block_bytes;
            room.front() = 'x';
            buffer.added(1);
        }
        EXPECT_EQ(buffer.rest(), std::string(100, 'x'));
    }
}

TEST(line_buffer, has_no_room_once_a_line_has_passed_the_limit) {
    weft::line_buffer buffer(16, 20);
    put(buffer, "12345678");
    put(buffer, "12345678");
    put(buffer, "12345678");
    EXPECT_TRUE(buffer.room().empty());
}

TEST(line_buffer, allows_to_read_a_vector_behind_what_it_gives) {
    weft::line_buffer buffer(16);
    put(buffer, "123456789012345\n");
    const std::string_view lines = buffer.whole_lines();
    int sum = 0;  // AddressSanitizer tells if this is not so.
    for (std::size_t i = 0; i < weft::line_buffer::padding; ++i)
        sum += *static_cast<const volatile char*>(lines.data() + lines.size() + i);
    EXPECT_EQ(sum, sum);
}

}  // namespace
