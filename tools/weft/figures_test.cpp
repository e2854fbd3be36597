#include "figures.hpp"

#include <gtest/gtest.h>

namespace weft::tool {
namespace {

TEST(figures, large_numbers_have_commas) {
    EXPECT_EQ(with_commas(0), "0");
    EXPECT_EQ(with_commas(999), "999");
    EXPECT_EQ(with_commas(1'000), "1,000");
    EXPECT_EQ(with_commas(1'234'567), "1,234,567");
}

TEST(figures, what_is_counted_is_in_the_plural_unless_it_is_one) {
    EXPECT_EQ(counted(0, "answer"), "0 answers");
    EXPECT_EQ(counted(1, "answer"), "1 answer");
    EXPECT_EQ(counted(1'353, "answer"), "1,353 answers");
}

TEST(figures, bytes_have_a_unit) {
    EXPECT_EQ(readable_bytes(812), "812 B");
    EXPECT_EQ(readable_bytes(1'400'000), "1.4 MB");
    EXPECT_EQ(readable_bytes(2.5e15), "2500.0 TB");
}

TEST(figures, times_have_three_digits_and_the_unit_that_suits) {
    const auto said = [](std::int64_t ns) { return readable_time(std::chrono::nanoseconds(ns)); };
    EXPECT_EQ(said(0), "0 ns");
    EXPECT_EQ(said(999), "999 ns");
    EXPECT_EQ(said(1'000), "1.00 us");
    EXPECT_EQ(said(9'996), "10.0 us");
    EXPECT_EQ(said(43'120), "43.1 us");
    EXPECT_EQ(said(999'400), "999 us");
    EXPECT_EQ(said(999'600), "1.00 ms");
    EXPECT_EQ(said(1'500'000'000), "1.50 s");
    EXPECT_EQ(said(5'000'000'000'000), "5000 s");
}

}  // namespace
}  // namespace weft::tool
