#include "weft/io/descriptor_table.hpp"

#include <gtest/gtest.h>

namespace {

using weft::detail::descriptor_entry;
using weft::detail::descriptor_table;

TEST(descriptor_table, knows_only_what_was_noted) {
    descriptor_table table;
    EXPECT_EQ(table.find(-1), nullptr);
    EXPECT_EQ(table.find(0), nullptr);
    EXPECT_EQ(table.find(1 << 30), nullptr);
    descriptor_entry* const five = table.obtain(5);
    ASSERT_NE(five, nullptr);
    EXPECT_EQ(table.find(5), five);
    EXPECT_EQ(table.obtain(5), five);
    EXPECT_EQ(table.find(100'000), nullptr);
}

TEST(descriptor_table, entries_do_not_move) {
    descriptor_table table;
    descriptor_entry* const zero = table.obtain(0);
    for (int fd = 1; fd < 5000; fd += 7) ASSERT_NE(table.obtain(fd), nullptr);
    ASSERT_NE(table.obtain(1'000'000), nullptr);
    EXPECT_EQ(table.find(0), zero);
}

TEST(descriptor_table, a_tag_of_an_earlier_life_finds_nothing) {
    descriptor_table table;
    descriptor_entry& seven = *table.obtain(7);
    const std::uint64_t tag = descriptor_table::tag(7, seven);
    EXPECT_EQ(table.find_tagged(tag), &seven);
    seven.is_watched = seven.is_adopted = true;
    descriptor_table::retire(seven);
    EXPECT_EQ(table.find_tagged(tag), nullptr);
    EXPECT_FALSE(seven.is_watched || seven.is_adopted);
    EXPECT_EQ(table.find_tagged(descriptor_table::tag(7, seven)), &seven);
}

}  // namespace
