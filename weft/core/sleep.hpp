#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/timer_wheel.hpp"

#include <chrono>

/// Letting time pass.
namespace weft {
namespace detail {

WEFT_EXPORT extern const wait_kind sleep_kind;
WEFT_EXPORT extern const wait_kind yield_kind;

/// There is no result to lose: who was cancelled since it became ready learns it here.
inline void raise_if_cancelled_meanwhile(const waiter& w) {
    if (w.block != nullptr && w.block->has(block_flag::cancel_pending)) [[unlikely]]
        raise_cancelled(*w.block);
}

class sleep_awaiter : public awaiter<sleep_awaiter, timer> {
public:
    explicit sleep_awaiter(clock::time_point until) noexcept : awaiter(sleep_kind) {
        deadline_ = until;
    }
    [[nodiscard]] bool try_now() const noexcept { return false; }
    void start() noexcept {
        scheduler& home = this_scheduler();
        if (deadline_ <= home.now())
            home.wake(*block);
        else
            home.timers().start(*this, deadline_);
    }
    void finish() const { raise_if_cancelled_meanwhile(*this); }
};

class yield_now_awaiter : public awaiter<yield_now_awaiter> {
public:
    yield_now_awaiter() noexcept : awaiter(yield_kind) {}
    [[nodiscard]] bool try_now() const noexcept { return false; }
    void start() noexcept { this_scheduler().wake(*block); }
    void finish() const { raise_if_cancelled_meanwhile(*this); }
};

}  // namespace detail

/// Awaited, wakes not before `d` has passed since the call. With `d` zero or less others that are
/// ready run first.
///
/// ```cpp
/// weft::task<> twice_a_second() {
///     for (;;) co_await weft::sleep(std::chrono::milliseconds(500));
/// }
/// ```
[[nodiscard]] inline detail::sleep_awaiter sleep(clock::duration d) noexcept {
    return detail::sleep_awaiter(d <= clock::duration::zero() ? clock::time_point::min()
                                                              : saturating_add(clock::now(), d));
}
/// The same for spans of any unit, fractions too: `std::chrono::duration<double>(0.25)`. What does
/// not fit into 292 years is for ever.
template <class Rep, class Period>
[[nodiscard]] detail::sleep_awaiter sleep(std::chrono::duration<Rep, Period> d) noexcept {
    return sleep(detail::to_nanoseconds(d));
}

/// Awaited, wakes not before `t`; `clock::never` sleeps until it is cancelled.
[[nodiscard]] inline detail::sleep_awaiter sleep_until(clock::time_point t) noexcept {
    return detail::sleep_awaiter(t);
}

/// Awaited, lets the others that are ready run first.
[[nodiscard]] inline detail::yield_now_awaiter yield_now() noexcept {
    return {};
}

}  // namespace weft
