#pragma once

#include "weft/base/export.hpp"
#include "weft/core/await.hpp"
#include "weft/core/task.hpp"
#include "weft/sync/mutex.hpp"
#include "weft/sync/wait_queue.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>

/// Waiting until what a mutex protects has changed.
namespace weft {

class condition;

/// Figures of a condition.
class condition_statistics {
public:
    explicit condition_statistics(std::size_t waiting) noexcept : waiting_(waiting) {}
    /// Coroutines that wait for a notification now.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    std::size_t waiting_;
};

namespace detail {

WEFT_EXPORT extern const wait_kind condition_kind;

/// What a wait came to; in each case the mutex is held again.
enum class condition_end : std::uint8_t {
    notified,
    owes,  ///< notified, alone, and then cancelled: the notification is to go on to another
    gone,  ///< the condition was destroyed
};

/// One that waits for a notification, and then for the mutex: two lines. It stands in the line of
/// the condition until it resumes, so that it knows when that is destroyed; `entry_` stands in the
/// line of the mutex.
///
/// Waiting for the mutex cannot be given up (R10). One that is cancelled before it was notified
/// leaves the condition at once, and raises when it has the mutex.
class WEFT_EXPORT condition_waiter : public queued_waiter {
public:
    condition_waiter(const wait_kind& k, condition& c, mutex::guard& held);

    /// It was cancelled before it was notified.
    void give_up() noexcept;

protected:
    ~condition_waiter() = default;
    void begin() noexcept;
    [[nodiscard]] condition_end end() noexcept;
    /// What a wait without a predicate has left to do.
    void settle(condition_end how) const;

private:
    friend condition;
    /// Notified, cancelled or orphaned: goes for the mutex.
    void come_back() noexcept;

    condition* condition_;  ///< null when it is gone
    mutex& mutex_;
    lock_waiter entry_;
    bool alone_ = false;  ///< notified by `notify_one`
    bool orphaned_ = false;
};

/// For who waits once.
class WEFT_EXPORT condition_awaiter : public awaiter<condition_awaiter, condition_waiter> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now() const noexcept { return false; }
    void start() noexcept { begin(); }
    void finish();
};
/// For who looks at a predicate next, whatever has happened.
class condition_round : public awaiter<condition_round, condition_waiter> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now() const noexcept { return false; }
    void start() noexcept { begin(); }
    [[nodiscard]] condition_end finish() noexcept { return end(); }
};

template <class Predicate>
class condition_call;

}  // namespace detail

/// Where coroutines that hold a mutex wait for others to change what it protects. As
/// `std::condition_variable`, without spurious wake-ups.
///
/// ```cpp
/// class mailbox {
/// public:
///     weft::task<int> take() {
///         auto held = co_await mutex_.lock();
///         co_await changed_.wait(held, [this] { return !items_.empty(); });
///         const int item = items_.back();
///         items_.pop_back();
///         co_return item;
///     }
///     weft::task<> put(int item) {
///         auto held = co_await mutex_.lock();
///         items_.push_back(item);
///         changed_.notify_one();
///     }
///
/// private:
///     weft::mutex mutex_;
///     weft::condition changed_;
///     std::vector<int> items_;
/// };
/// ```
///
/// 1. `wait` unlocks and waits in one step, and has locked again when it returns or throws, also
///    when it was cancelled: that lock is not given up (R10).
/// 2. Notifications are not kept: without somebody who waits nothing happens. The notifier need not
///    hold the mutex. The first to wait is the first to be notified.
/// 3. One that is notified by `notify_one` and cancelled before it runs raises, and the
///    notification goes on to the next. With a predicate, it looks first: when that holds it
///    returns, and the next await raises.
/// 4. One loop's. Destroyed, it throws `usage_error` in who still waits to be notified. The mutex
///    must outlive who waits.
class WEFT_EXPORT condition {
public:
    condition() noexcept = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition();

    /// Awaited by who holds the mutex, returns when it was notified. An empty guard is a
    /// `usage_error`.
    [[nodiscard]] detail::condition_awaiter wait(mutex::guard& held) {
        return detail::condition_awaiter(detail::condition_kind, *this, held);
    }
    /// Awaited, returns when `holds()` is true: at once, or after a notification. It is called with
    /// the mutex held, and what it throws is thrown.
    template <std::predicate Predicate>
    [[nodiscard]] detail::condition_call<Predicate> wait(mutex::guard& held, Predicate holds) {
        return detail::condition_call<Predicate>(*this, held, std::move(holds));
    }

    /// Lets the one go that has waited longest. On another thread than the loop's whose coroutines
    /// wait it is a `usage_error`, as is `notify_all`.
    void notify_one();
    /// Lets all go that wait now, one after the other, as the mutex allows.
    void notify_all();

    [[nodiscard]] condition_statistics statistics() const noexcept {
        return condition_statistics(waiting_.size());
    }

private:
    friend detail::condition_waiter;
    void notify_first(bool alone) noexcept;

    detail::wait_queue waiting_;
    detail::wait_queue notified_;  ///< and not resumed yet
};

namespace detail {

[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_gone_condition();

/// Before another round: what the last one has left to do.
inline void settle(condition& c, condition_end last) {
    if (last == condition_end::gone) [[unlikely]]
        refuse_gone_condition();
    if (last == condition_end::owes) [[unlikely]]
        c.notify_one();
}

template <class Predicate>
task<> wait_until_it_holds(condition& c, mutex::guard& held, Predicate holds) {
    for (condition_end last = condition_end::notified; !holds();) {
        settle(c, last);
        last = co_await condition_round(condition_kind, c, held);
    }
}

template <class Predicate>
class [[nodiscard("co_await it, or await() it in a fiber")]] condition_call {
public:
    condition_call(condition& c, mutex::guard& held, Predicate holds)
        : condition_(c), held_(held), holds_(std::move(holds)) {}

    [[nodiscard]] task<> in_task() && {
        return wait_until_it_holds<Predicate>(condition_, held_, std::move(holds_));
    }
    void in_fiber() && {
        fiber_record& self = this_fiber("await()");
        for (condition_end last = condition_end::notified; !holds_();) {
            settle(condition_, last);
            last = await_native(self, condition_round(condition_kind, condition_, held_));
        }
    }
    /// For coroutines of other libraries.
    [[nodiscard]] auto operator co_await() && {
        return std::move(*this).in_task().operator co_await();
    }

private:
    condition& condition_;
    mutex::guard& held_;
    Predicate holds_;
};

}  // namespace detail
}  // namespace weft
