#pragma once

#include "weft/base/export.hpp"
#include "weft/sync/wait_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

/// Waiting for each other.
namespace weft {

class barrier;

/// Not all will come: one was cancelled while it waited, or somebody called `abort()` or `reset()`.
class WEFT_EXPORT broken_barrier : public std::runtime_error {
public:
    explicit broken_barrier(const std::string& text) : std::runtime_error(text) {}
    ~broken_barrier() override;
};

/// Figures of a barrier.
class barrier_statistics {
public:
    barrier_statistics(std::size_t waiting, std::uint64_t generation) noexcept
        : waiting_(waiting), generation_(generation) {}
    /// Coroutines that wait now.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// How often all have come.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

private:
    std::size_t waiting_;
    std::uint64_t generation_;
};

namespace detail {

WEFT_EXPORT extern const wait_kind barrier_kind;

class WEFT_EXPORT barrier_awaiter : public awaiter<barrier_awaiter, queued_waiter> {
public:
    explicit barrier_awaiter(barrier& of) noexcept : awaiter(barrier_kind), barrier_(of) {}
    [[nodiscard]] bool try_now();
    void start() noexcept;
    /// It was cancelled while it waited.
    void break_it() noexcept;
    [[nodiscard]] std::size_t finish() const {
        throw_if_orphaned(*this, barrier_kind);
        if (broken_) [[unlikely]]
            throw_broken();
        return index_;
    }

private:
    friend barrier;
    [[noreturn, gnu::cold]] static void throw_broken();

    barrier& barrier_;
    std::size_t index_ = 0;
    bool broken_ = false;
};

}  // namespace detail

/// A place where a fixed number of coroutines wait until all of them have come; then all go on, and
/// it can be used again. As asyncio's and `std::barrier`.
///
/// ```cpp
/// inline weft::task<> in_steps(weft::barrier& all_here) {
///     for (int step = 0; step < 3; ++step) {
///         const std::size_t place = co_await all_here.wait();
///         if (place == 0) std::puts("a step");  // said by one of them
///     }
/// }
/// ```
///
/// When one is cancelled while it waits the barrier is broken: the others, and whoever comes, get
/// `broken_barrier` until `reset()`. One that is cancelled when all have come already goes on; its
/// next await raises. One loop's. Destroyed, it throws `usage_error` in who still waits.
class WEFT_EXPORT barrier {
public:
    /// None is a `usage_error`.
    explicit barrier(std::size_t parties);
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;

    /// Awaited, returns when all have come: how many had come before this one, from 0, so that each
    /// gets another number. Throws `broken_barrier`.
    [[nodiscard]] detail::barrier_awaiter wait() noexcept { return detail::barrier_awaiter(*this); }

    /// Breaks it: who waits, and whoever comes, gets `broken_barrier`. Idempotent.
    void abort();
    /// As new. Who waits gets `broken_barrier`.
    void reset();
    [[nodiscard]] bool broken() const noexcept { return broken_; }
    [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
    /// Coroutines that have come and wait.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] barrier_statistics statistics() const noexcept {
        return barrier_statistics(waiting_, generation_);
    }

private:
    friend detail::barrier_awaiter;
    void break_without(detail::queued_waiter& w) noexcept;
    [[nodiscard]] bool arrive(detail::barrier_awaiter& w);
    void wait_for_others(detail::barrier_awaiter& w) noexcept;
    void wake_all(detail::scheduler& home, bool broken) noexcept;

    std::size_t parties_;
    std::size_t waiting_ = 0;
    std::uint64_t generation_ = 0;
    bool broken_ = false;
    detail::wait_queue waiters_;
};

inline bool detail::barrier_awaiter::try_now() {
    return barrier_.arrive(*this);
}
inline void detail::barrier_awaiter::start() noexcept {
    barrier_.wait_for_others(*this);
}

}  // namespace weft
