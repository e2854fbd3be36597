#include "weft/core/spinner.hpp"

#include <algorithm>
#include <sched.h>

namespace weft::detail {
namespace {

/// The shortest of a few attempts: the others may have been interrupted.
double measure_look() noexcept {
    constexpr int looks = 64;
    double shortest = 1e9;
    for (int attempt = 0; attempt < 8; ++attempt) {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < looks; ++i) pause_cpu();
        const std::chrono::duration<double, std::nano> took =
            std::chrono::steady_clock::now() - begin;
        shortest = std::min(shortest, took.count() / looks);
    }
    // A look costs something besides, and a clock may stand still.
    return shortest + 4;
}

}  // namespace

void yield_cpu() noexcept {
    ::sched_yield();
}

std::uint32_t looks_in(std::chrono::nanoseconds time) noexcept {
    if (time <= std::chrono::nanoseconds::zero()) return 0;
    static const double look = measure_look();
    constexpr double most = 1e9;
    return static_cast<std::uint32_t>(
        std::clamp(static_cast<double>(time.count()) / look, 1.0, most));
}

}  // namespace weft::detail
