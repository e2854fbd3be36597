#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/clock.hpp"

namespace weft::detail {

/// A timerfd that is readable from a deadline on: how a loop that is nested in another poll is
/// woken in time. At first there is none.
class WEFT_EXPORT deadline_alarm {
public:
    deadline_alarm() noexcept = default;
    /// Throws `std::system_error`.
    [[nodiscard]] static deadline_alarm make();

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(timer_); }
    [[nodiscard]] int descriptor() const noexcept { return timer_.get(); }
    /// `clock::never` turns it off.
    void set(clock::time_point deadline, clock::time_point now) noexcept;

private:
    unique_fd timer_;
    clock::time_point at_ = clock::never;
};

}  // namespace weft::detail
