#include "serve_answer.hpp"

#include <gtest/gtest.h>

namespace weft::tool {
namespace {

TEST(answer_room, is_small_until_it_is_filled) {
    answer_room room;
    const std::size_t small = room.size();
    EXPECT_LE(small, 256U);
    room.adapt(small - 1);
    EXPECT_EQ(room.size(), small);
    room.adapt(small);
    EXPECT_GT(room.size(), 16U * 1024);
    room.data()[room.size() - 1] = 'x';
}

TEST(answer_room, is_small_again_after_a_calm_and_not_before) {
    answer_room room;
    const std::size_t small = room.size();
    room.adapt(small);
    const std::size_t large = room.size();
    for (int i = 0; i < 63; ++i) room.adapt(1);
    room.adapt(300);  // messages of both kinds keep it large
    for (int i = 0; i < 63; ++i) room.adapt(1);
    EXPECT_EQ(room.size(), large);
    room.adapt(1);
    EXPECT_EQ(room.size(), small);
}

}  // namespace
}  // namespace weft::tool
