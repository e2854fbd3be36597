#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"

#include <atomic>
#include <cstdint>

namespace weft::detail {

/// What interrupts a driver that waits in the kernel: an eventfd, written only when it must be.
///
/// Rules:
/// 1. `signal` may be called by any thread, and by a signal handler: it is one atomic exchange and
///    at most one write(2), and leaves errno alone.
/// 2. The owner calls `arm` before it waits and does not wait when that says no; then `take`.
///    A loop that is not waiting is signalled without a system call, and many signals are one.
/// 3. The owner watches `descriptor()` edge-triggered and never reads it: each write is an edge,
///    and the counter would need 2^64 of them to fill.
class WEFT_EXPORT wake_event {
public:
    /// Throws `std::system_error`.
    wake_event();

    void signal() noexcept;

    /// The owner is going to wait. False when it was signalled since it last asked.
    [[nodiscard]] bool arm() noexcept {
        state expected = state::running;
        return state_.compare_exchange_strong(expected, state::waiting);
    }
    /// The owner is going to let others wait for `descriptor()`, and there is something to do.
    void raise() noexcept;
    /// The owner waits no more. True when it was signalled since it last asked.
    bool take() noexcept {
        // Looked at first: the exchange locks a cache line, and polling loops come here often.
        return state_.load(std::memory_order_relaxed) != state::running &&
               state_.exchange(state::running) == state::signalled;
    }
    [[nodiscard]] bool is_signalled() const noexcept {
        return state_.load(std::memory_order_acquire) == state::signalled;
    }

    [[nodiscard]] int descriptor() const noexcept { return event_.get(); }
    /// How often the kernel was called to wake somebody.
    [[nodiscard]] std::uint64_t writes() const noexcept {
        return writes_.load(std::memory_order_relaxed);
    }

private:
    enum class state : std::uint8_t {
        running,    ///< the owner is not waiting: it will look before it does
        waiting,    ///< the owner is in the kernel, or about to be: it must be written to
        signalled,  ///< it knows, or will be told by who made it so
    };

    void write() noexcept;

    unique_fd event_;
    std::atomic<state> state_{state::running};
    std::atomic<std::uint64_t> writes_{0};
    static_assert(std::atomic<state>::is_always_lock_free, "signal handlers may use it");
};

}  // namespace weft::detail
