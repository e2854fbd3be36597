#pragma once

#include "weft/base/export.hpp"

#include <chrono>
#include <type_traits>

/// The time that coroutines see.
namespace weft {

/// The clock of the calling thread's loop: monotonic, in nanoseconds. Under the simulator of
/// weft/testing it is virtual and jumps; on a thread without a loop it is
/// `std::chrono::steady_clock`.
///
/// Its time points are of a type of their own, so that a program cannot mix virtual time with real.
struct WEFT_EXPORT clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;

    /// A system call's worth of time (about 20 ns) unless it is virtual. Any thread.
    [[nodiscard]] static time_point now() noexcept;

    static constexpr time_point never = time_point::max();
};

/// `t + d` that stops at the ends of time instead of running over. Any thread.
[[nodiscard]] constexpr clock::time_point saturating_add(clock::time_point t,
                                                         clock::duration d) noexcept {
    if (d > clock::duration::zero() && t > clock::time_point::max() - d)
        return clock::time_point::max();
    if (d < clock::duration::zero() && t < clock::time_point::min() - d)
        return clock::time_point::min();
    return t + d;
}

namespace detail {

/// In nanoseconds, rounded up; spans that do not fit become the longest that do. NaN is zero.
template <class Rep, class Period>
[[nodiscard]] constexpr clock::duration to_nanoseconds(
    std::chrono::duration<Rep, Period> d) noexcept {
    if constexpr (std::is_floating_point_v<Rep>) {
        const std::chrono::duration<Rep, std::nano> exact = d;
        constexpr auto longest = static_cast<Rep>(clock::duration::max().count());
        if (!(exact.count() < longest))
            return exact.count() >= longest ? clock::duration::max() : clock::duration::zero();
        if (exact.count() <= -longest) return clock::duration::min();
        return std::chrono::ceil<clock::duration>(exact);
    } else {
        using exact = std::chrono::duration<double, std::nano>;
        constexpr double longest = 9.2e18;
        const double approximate = exact(d).count();
        if (approximate >= longest) return clock::duration::max();
        if (approximate <= -longest) return clock::duration::min();
        return std::chrono::ceil<clock::duration>(d);
    }
}

}  // namespace detail
}  // namespace weft
