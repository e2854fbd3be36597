#pragma once

#include "weft/base/export.hpp"

#include <chrono>
#include <cstdint>

/// Looking for what another thread is about to do, for a short while, before sleeping.
namespace weft::detail {

inline void pause_cpu() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
}

/// Lets another thread have the processor that is ready for it.
WEFT_EXPORT void yield_cpu() noexcept;

/// About how many looks, each with a `pause_cpu`, fit into that time. Measured once in a process.
[[nodiscard]] WEFT_EXPORT std::uint32_t looks_in(std::chrono::nanoseconds time) noexcept;

/// Bounded: between two calls of `refill` it looks no longer than it was told. After a miss it
/// stays away for one time, after the next for two, then four, up to 64; after a hit it is eager
/// again. So where it does not pay it costs a hundredth of what it would.
class spinner {
public:
    explicit spinner(std::chrono::nanoseconds time) noexcept : time_(time) {}

    /// Whether `is()` became true.
    template <class Is>
    [[nodiscard]] bool until(Is is) {
        if (full_ == unknown) [[unlikely]]
            full_ = left_ = looks_in(time_);
        if (left_ == 0) return false;
        if (stays_away_ != 0) {
            --stays_away_;
            left_ = 0;
            missed_ = true;
            return false;
        }
        std::uint32_t looks = 0;
        std::chrono::steady_clock::time_point end;
        while (left_ != 0) {
            if (is()) {
                misses_ = 0;
                return true;
            }
            if (++looks % looks_in_a_row != 0) {
                pause_cpu();
                --left_;
                continue;
            }
            // Beyond the time that a line of cache needs, the other thread may have no processor,
            // or this one. Who gets it may keep it for long.
            const auto now = std::chrono::steady_clock::now();
            if (looks == looks_in_a_row) end = now + time_;
            left_ -= left_ < looks_in_a_row || now >= end ? left_ : looks_in_a_row;
            yield_cpu();
        }
        missed_ = true;
        if (misses_ < misses_max) ++misses_;
        stays_away_ = (1u << misses_) - 1;
        return false;
    }
    void refill() noexcept {
        if (full_ != unknown) left_ = full_;
        missed_ = false;
    }
    /// It has found nothing since then.
    [[nodiscard]] bool missed() const noexcept { return missed_; }

private:
    static constexpr std::uint32_t unknown = ~std::uint32_t{0};
    static constexpr std::uint32_t misses_max = 6;
    static constexpr std::uint32_t looks_in_a_row = 64;

    std::chrono::nanoseconds time_;
    std::uint32_t full_ = unknown;
    std::uint32_t left_ = 0;
    std::uint32_t stays_away_ = 0;
    std::uint32_t misses_ = 0;
    bool missed_ = false;
};

}  // namespace weft::detail
