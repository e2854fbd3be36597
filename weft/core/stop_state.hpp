#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancelled.hpp"
#include "weft/core/clock.hpp"

#include <algorithm>
#include <utility>

/// What a loop knows of its own end.
namespace weft::detail {

class stop_watches;

/// Wants to know when the loop begins to stop. Lies with its owner and does not move; gone, it is
/// told nothing. One thread, the loop's.
class WEFT_EXPORT stop_watch {
public:
    /// It is in no list any more, and may be gone when this returns.
    using function = void (*)(stop_watch& w) noexcept;

    explicit stop_watch(function told) noexcept : told_(told) {}
    stop_watch(const stop_watch&) = delete;
    stop_watch& operator=(const stop_watch&) = delete;
    ~stop_watch() { leave(); }

    /// Idempotent.
    void leave() noexcept;

private:
    friend class stop_watches;

    function told_;
    stop_watches* in_ = nullptr;
    stop_watch* prev_ = nullptr;
    stop_watch* next_ = nullptr;
};

class WEFT_EXPORT stop_watches {
public:
    stop_watches() noexcept = default;
    stop_watches(const stop_watches&) = delete;
    stop_watches& operator=(const stop_watches&) = delete;

    void push_back(stop_watch& w) noexcept;
    void remove(stop_watch& w) noexcept;
    /// Tells each, in the order of their coming.
    void tell() noexcept;

private:
    stop_watch* first_ = nullptr;
    stop_watch* last_ = nullptr;
};

/// Links `w` to the loop of this thread, or tells it at once when that stops already.
WEFT_EXPORT void watch_stop(stop_watch& w) noexcept;

/// A loop stops in two phases: while it drains, everything runs on, and who wants to know has been
/// told; then all is cancelled. What has not ended a grace later is reported.
struct stop_state {
    bool stopping = false;
    bool ends = false;        ///< all is cancelled, or the coroutine of `run` has ended
    bool reported = false;    ///< what held it up
    bool by_signals = false;  ///< signals of the process stop this loop
    int signal = 0;           ///< the one that has
    clock::time_point drained_at = clock::never;
    clock::time_point report_at = clock::never;
    cancel_origin origin;
    stop_watches watches;

    [[nodiscard]] clock::time_point due() const noexcept { return std::min(drained_at, report_at); }
    /// The loop may be used again.
    void reset() noexcept {
        stopping = ends = reported = false;
        drained_at = report_at = clock::never;
    }
};

}  // namespace weft::detail
