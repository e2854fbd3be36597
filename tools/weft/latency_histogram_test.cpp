#include "latency_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace weft::tool {
namespace {

using std::chrono::nanoseconds;

latency_histogram of(const std::vector<std::int64_t>& all) {
    latency_histogram h;
    for (const std::int64_t ns : all) h.add(nanoseconds(ns));
    return h;
}

TEST(latency_histogram, of_nothing_every_quantile_is_zero) {
    const latency_histogram empty;
    EXPECT_EQ(empty.count(), 0U);
    EXPECT_EQ(empty.at(0.5).count(), 0);
    EXPECT_EQ(empty.max().count(), 0);
}

TEST(latency_histogram, below_256_ns_it_is_exact) {
    for (std::int64_t ns = 0; ns < 256; ++ns) {
        const latency_histogram h = of({ns, 1'000'000'000});
        ASSERT_EQ(h.at(0.5).count(), ns);
    }
}

TEST(latency_histogram, one_duration_is_every_quantile) {
    // The end of its bucket lies beyond it, but nothing is longer than the longest.
    const latency_histogram h = of({1'234'567});
    for (const double fraction : {0.0, 0.5, 0.999, 1.0})
        EXPECT_EQ(h.at(fraction).count(), 1'234'567);
}

TEST(latency_histogram, a_quantile_is_never_below_the_exact_one_and_at_most_one_128th_above) {
    std::mt19937_64 random(7);  // NOLINT(cert-msc51-cpp): the same each time
    for (int round = 0; round < 20; ++round) {
        std::lognormal_distribution<double> spread(5.0 + round, 1.5);
        std::vector<std::int64_t> all(10'000);
        for (auto& ns : all) ns = static_cast<std::int64_t>(spread(random));
        const latency_histogram h = of(all);
        std::ranges::sort(all);
        for (const double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
            const auto rank = static_cast<std::size_t>(std::ceil(fraction * 10'000));
            const std::int64_t exact = all[std::max<std::size_t>(rank, 1) - 1];
            ASSERT_GE(h.at(fraction).count(), exact) << fraction;
            ASSERT_LE(h.at(fraction).count(), exact + exact / 128) << fraction;
        }
    }
}

TEST(latency_histogram, at_every_power_of_two_it_goes_on_without_a_gap) {
    for (unsigned bit = 8; bit < 63; ++bit) {
        const std::int64_t power = std::int64_t{1} << bit;
        for (const std::int64_t ns : {power - 1, power, power + 1}) {
            const latency_histogram h = of({ns, INT64_MAX});
            ASSERT_GE(h.at(0.5).count(), ns);
            ASSERT_LE(h.at(0.5).count() - ns, ns / 128);
        }
    }
}

TEST(latency_histogram, takes_the_extremes) {
    const latency_histogram h = of({-5, INT64_MAX});
    EXPECT_EQ(h.at(0.5).count(), 0);
    EXPECT_EQ(h.at(1).count(), INT64_MAX);
    EXPECT_EQ(h.max().count(), INT64_MAX);
}

TEST(latency_histogram, cleared_it_is_as_new) {
    latency_histogram h = of({1, 1'000, 1'000'000});
    h.clear();
    EXPECT_EQ(h.count(), 0U);
    h.add(nanoseconds(7));
    EXPECT_EQ(h.at(1).count(), 7);
}

}  // namespace
}  // namespace weft::tool
