#include "latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weft::tool {

std::size_t latency_histogram::bucket_of(std::uint64_t ns) noexcept {
    // The highest bit and the `exact_bits` below it; how many are left out counts above them.
    const auto bits = static_cast<unsigned>(std::bit_width(ns));
    const unsigned left_out = bits > exact_bits + 1 ? bits - exact_bits - 1 : 0;
    return (std::size_t{left_out} << exact_bits) + static_cast<std::size_t>(ns >> left_out);
}

std::uint64_t latency_histogram::end_of(std::size_t bucket) noexcept {
    constexpr std::size_t exact = std::size_t{2} << exact_bits;
    if (bucket < exact) return bucket;
    const std::size_t left_out = (bucket >> exact_bits) - 1;
    const std::uint64_t top = bucket - (left_out << exact_bits);
    return ((top + 1) << left_out) - 1;
}

void latency_histogram::clear() noexcept {
    std::ranges::fill(buckets_, 0);
    count_ = 0;
    max_ = 0;
}

std::chrono::nanoseconds latency_histogram::at(double fraction) const noexcept {
    if (count_ == 0) return std::chrono::nanoseconds(0);
    const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
    const auto rank = std::max(static_cast<std::uint64_t>(wanted), std::uint64_t{1});
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        if (seen >= rank) return std::chrono::nanoseconds(std::min(end_of(i), max_));
    }
    return max();
}

}  // namespace weft::tool
