#pragma once

#include "weft/base/export.hpp"
#include "weft/sync/wait_queue.hpp"

#include <cstddef>

/// Something that has happened, or not yet.
namespace weft {

class event;

namespace detail {

WEFT_EXPORT extern const wait_kind event_kind;

class event_awaiter : public awaiter<event_awaiter, queued_waiter> {
public:
    explicit event_awaiter(event& of) noexcept : awaiter(event_kind), event_(of) {}
    [[nodiscard]] bool try_now() const noexcept;
    void start() noexcept;
    void finish() const { throw_if_orphaned(*this, event_kind); }

private:
    event& event_;
};

}  // namespace detail

/// Figures of an event.
class event_statistics {
public:
    explicit event_statistics(std::size_t waiting) noexcept : waiting_(waiting) {}
    /// Coroutines that wait now.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    std::size_t waiting_;
};

/// A flag that coroutines wait for: `set()` lets all of them go, and those who come later pass at
/// once, until `clear()`. As gevent's and asyncio's `Event`.
///
/// ```cpp
/// inline weft::task<> wait_for(weft::event& e) { co_await e.wait(); }
/// inline weft::task<> three_wait() {
///     weft::event e;
///     co_await weft::with_scope([&e](weft::scope& s) {
///         for (int i = 0; i < 3; ++i) s.spawn(wait_for, std::ref(e));
///         e.set();  // all three go on
///     });
/// }
/// ```
///
/// Whoever waited when it was set goes on, also when it is cleared before they run. One that is
/// cancelled after it was set returns from `wait()`; its next await raises. One loop's; for threads
/// there is `shared_event`. Destroyed, it throws `usage_error` in who still waits.
class WEFT_EXPORT event {
public:
    explicit event(bool is_set = false) noexcept : set_(is_set) {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    [[nodiscard]] bool is_set() const noexcept { return set_; }
    /// Idempotent. On another thread than the loop's whose coroutines wait, `usage_error`.
    void set() {
        if (!waiters_.empty()) wake_all();
        set_ = true;
    }
    void clear() noexcept { set_ = false; }
    /// Awaited, returns when it is set.
    [[nodiscard]] detail::event_awaiter wait() noexcept { return detail::event_awaiter(*this); }

    [[nodiscard]] event_statistics statistics() const noexcept {
        return event_statistics(waiters_.size());
    }

private:
    friend detail::event_awaiter;
    void wake_all();

    bool set_;
    detail::wait_queue waiters_;
};

inline bool detail::event_awaiter::try_now() const noexcept {
    return event_.set_;
}
inline void detail::event_awaiter::start() noexcept {
    event_.waiters_.push(*this);
}

}  // namespace weft
