#pragma once

#include "weft/base/export.hpp"
#include "weft/sync/wait_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

/// So many at a time.
namespace weft {

class semaphore;

/// Figures of a semaphore.
class semaphore_statistics {
public:
    semaphore_statistics(std::size_t available, std::size_t waiting,
                         std::uint64_t contended) noexcept
        : available_(available), waiting_(waiting), contended_(contended) {}
    /// Permits that nobody has.
    [[nodiscard]] std::size_t available() const noexcept { return available_; }
    /// Coroutines that wait now.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// How often somebody had to wait.
    [[nodiscard]] std::uint64_t contended() const noexcept { return contended_; }

private:
    std::size_t available_;
    std::size_t waiting_;
    std::uint64_t contended_;
};

/// Holds permits of a semaphore, and releases them at the end of its life. Can be moved; empty
/// afterwards. The semaphore must outlive it.
class [[nodiscard("it releases when it is destroyed: keep it, auto held = …")]] semaphore_guard {
public:
    semaphore_guard() noexcept = default;
    /// Takes over `n` permits that were acquired.
    semaphore_guard(semaphore& of, std::size_t n) noexcept : semaphore_(&of), permits_(n) {}
    semaphore_guard(semaphore_guard&& other) noexcept
        : semaphore_(std::exchange(other.semaphore_, nullptr)),
          permits_(std::exchange(other.permits_, 0)) {}
    semaphore_guard& operator=(semaphore_guard&& other) noexcept {
        semaphore_guard taken(std::move(other));
        std::swap(semaphore_, taken.semaphore_);
        std::swap(permits_, taken.permits_);
        return *this;
    }
    ~semaphore_guard() { release(); }

    [[nodiscard]] explicit operator bool() const noexcept { return semaphore_ != nullptr; }
    [[nodiscard]] std::size_t permits() const noexcept { return permits_; }
    /// Before its end. Does nothing when it is empty.
    void release();
    /// Lets go without releasing; returns how many are to be released by somebody else.
    std::size_t detach() noexcept {
        semaphore_ = nullptr;
        return std::exchange(permits_, 0);
    }

private:
    semaphore* semaphore_ = nullptr;
    std::size_t permits_ = 0;
};

namespace detail {

WEFT_EXPORT extern const wait_kind semaphore_kind;

class WEFT_EXPORT permit_waiter : public queued_waiter {
public:
    permit_waiter(semaphore& of, std::size_t n) noexcept
        : queued_waiter(semaphore_kind), source(of), wanted(n) {}
    /// It was cancelled while it waited: those behind it may want less.
    void leave() noexcept;

    semaphore& source;
    std::size_t wanted;
};

template <class Derived>
class permit_awaiter : public awaiter<Derived, permit_waiter> {
public:
    using awaiter<Derived, permit_waiter>::awaiter;
    [[nodiscard]] bool try_now();
    void start() noexcept;
};
class acquire_awaiter : public permit_awaiter<acquire_awaiter> {
public:
    using permit_awaiter<acquire_awaiter>::permit_awaiter;
    void finish() const { throw_if_orphaned(*this, semaphore_kind); }
};
class hold_awaiter : public permit_awaiter<hold_awaiter> {
public:
    using permit_awaiter<hold_awaiter>::permit_awaiter;
    [[nodiscard]] semaphore_guard finish() const {
        throw_if_orphaned(*this, semaphore_kind);
        return semaphore_guard(source, wanted);
    }
};

}  // namespace detail

/// A number of permits: who acquires one takes it, or waits until somebody releases it.
///
/// ```cpp
/// inline weft::task<> fetch(weft::semaphore& at_most) {
///     auto held = co_await at_most.hold();
///     co_await weft::sleep(std::chrono::milliseconds(1));
/// }  // released
/// inline weft::task<> fetch_ten() {
///     weft::semaphore at_most(2);
///     co_await weft::with_scope([&at_most](weft::scope& s) {
///         for (int i = 0; i < 10; ++i) s.spawn(fetch, std::ref(at_most));
///     });
/// }
/// ```
///
/// 1. Who waits is served in the order of their coming. One who wants many is not passed by those
///    who want few.
/// 2. A permit belongs to nobody in particular: one coroutine may acquire it and another release
///    it, so it can also count what has happened.
/// 3. One that is cancelled after it got its permit has it, and its next await raises. One that is
///    cancelled while it waits leaves the line, and those behind move up.
/// 4. One loop's. Destroyed, it throws `usage_error` in who still waits.
class WEFT_EXPORT semaphore {
public:
    using guard = semaphore_guard;

    explicit semaphore(std::size_t permits = 1) noexcept
        : semaphore(permits, std::numeric_limits<std::size_t>::max()) {}
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    /// Awaited, has taken `n` permits, all at once; `release(n)` is due. More than a
    /// `bounded_semaphore` has is a `usage_error`.
    [[nodiscard]] detail::acquire_awaiter acquire(std::size_t n = 1) noexcept {
        return detail::acquire_awaiter(*this, n);
    }
    /// The same; gives a guard that releases them.
    [[nodiscard]] detail::hold_awaiter hold(std::size_t n = 1) noexcept {
        return detail::hold_awaiter(*this, n);
    }
    /// Takes them if they are there and nobody waits.
    [[nodiscard]] bool try_acquire(std::size_t n = 1) noexcept {
        if (n > available_ || !waiters_.empty()) return false;
        available_ -= n;
        return true;
    }
    /// Gives `n` permits, to those who wait first. Above the bound it is a `usage_error` and gives
    /// none; as is a call on another thread than the loop's whose coroutines wait.
    void release(std::size_t n = 1) {
        if (n > bound_ - available_) [[unlikely]]
            refuse_release(n);
        if (!waiters_.empty()) [[unlikely]]
            return release_to_waiters(n);
        available_ += n;
    }

    /// Permits that nobody has.
    [[nodiscard]] std::size_t available() const noexcept { return available_; }
    [[nodiscard]] semaphore_statistics statistics() const noexcept {
        return semaphore_statistics(available_, waiters_.size(), contended_);
    }

protected:
    semaphore(std::size_t permits, std::size_t bound) noexcept
        : available_(permits), bound_(bound) {}

private:
    template <class Derived>
    friend class detail::permit_awaiter;
    friend detail::permit_waiter;

    [[nodiscard]] bool take(std::size_t n) {
        if (try_acquire(n)) [[likely]]
            return true;
        if (n > bound_) [[unlikely]]
            refuse_acquire(n);
        return false;
    }
    void wait(detail::permit_waiter& w) noexcept {
        ++contended_;
        waiters_.push(w);
    }
    void release_to_waiters(std::size_t n);
    void serve(detail::scheduler& home) noexcept;
    [[noreturn, gnu::cold]] void refuse_release(std::size_t n) const;
    [[noreturn, gnu::cold]] void refuse_acquire(std::size_t n) const;

    std::size_t available_;
    std::size_t bound_;
    std::uint64_t contended_ = 0;
    detail::wait_queue waiters_;
};

/// A semaphore that never has more permits than it began with: one release too many is a
/// `usage_error`, which finds the mistake where it is made.
class WEFT_EXPORT bounded_semaphore : public semaphore {
public:
    explicit bounded_semaphore(std::size_t permits = 1) noexcept : semaphore(permits, permits) {}
};

inline void semaphore_guard::release() {
    if (semaphore* const of = std::exchange(semaphore_, nullptr))
        of->release(std::exchange(permits_, 0));
}

template <class Derived>
bool detail::permit_awaiter<Derived>::try_now() {
    return this->source.take(this->wanted);
}
template <class Derived>
void detail::permit_awaiter<Derived>::start() noexcept {
    this->source.wait(*this);
}

}  // namespace weft
