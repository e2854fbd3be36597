#pragma once

#include <chrono>
#include <cstdint>

/// The timers of timer_million.cpp and its peers.
namespace bench {

inline constexpr std::uint64_t timers = 1'000'000;

/// Random spans below a second, in microseconds; the same row for every side (George Marsaglia's
/// xorshift, 2003).
class deadlines {
public:
    [[nodiscard]] std::chrono::microseconds next() noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return std::chrono::microseconds((state_ >> 32) % 1'000'000);
    }

private:
    std::uint64_t state_ = 88172645463325252;
};

}  // namespace bench
