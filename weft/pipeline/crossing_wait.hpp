#pragma once

#include "weft/base/export.hpp"
#include "weft/core/remote_wait.hpp"
#include "weft/core/spinner.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

/// How the two ends of a queue between threads wait for each other.
namespace weft::detail {

/// A question about atomics that both threads may ask: what is waited for.
class crossing_condition {
public:
    template <class Is>
    explicit crossing_condition(const Is& is) noexcept
        : asked_(&is), ask_([](const void* what) noexcept {
              return static_cast<bool>((*static_cast<const Is*>(what))());
          }) {}
    [[nodiscard]] bool operator()() const noexcept { return ask_(asked_); }

private:
    const void* asked_;
    bool (*ask_)(const void*) noexcept;
};

/// Where one end waits until the other has changed something.
///
/// Rules:
/// 1. One waits at a time: a thread, or a fiber of any loop. It says what for.
/// 2. Who has changed something calls `changed()`, which is a load when nobody waits. It needs no
///    fence between its change and that load, since who is going to wait has one put into every
///    thread of the process (membarrier): either the change is seen by the one, or the flag by the
///    other. Where the kernel does not offer that, `changed()` has a fence.
/// 3. What is waited for is asked by the thread of the other end, under the mutex; so is who waits.
class WEFT_EXPORT crossing_wait {
public:
    crossing_wait() noexcept = default;
    crossing_wait(const crossing_wait&) = delete;
    crossing_wait& operator=(const crossing_wait&) = delete;

    void changed() noexcept {
        if (fences_needed.load(std::memory_order_relaxed)) [[unlikely]]
            std::atomic_thread_fence(std::memory_order_seq_cst);
        else
            std::atomic_signal_fence(std::memory_order_seq_cst);
        if (waits_.load(std::memory_order_relaxed)) [[unlikely]]
            wake();
    }

    /// Suspends the fiber that runs, else blocks the thread, a task's too. `pauses`: how long
    /// between two looks, so as to leave the other end its lines of cache.
    template <class Is>
    void until(const Is& is, int pauses = 0) {
        if (looked(is, pauses)) return;
        wait(crossing_condition(is));
    }
    /// The same, but a cancellation is deferred until it is over.
    template <class Is>
    void until_shielded(const Is& is) {
        if (looked(is, 0)) return;
        wait_shielded(crossing_condition(is));
    }

private:
    friend class crossing_waiter;
    static std::atomic<bool> fences_needed;

    template <class Is>
    [[nodiscard]] bool looked(const Is& is, int pauses) {
        looks_.refill();
        const auto after_pauses = [&] {
            for (int i = 0; i < pauses; ++i) pause_cpu();
            return is();
        };
        return after_pauses() || looks_.until(after_pauses);
    }
    [[gnu::noinline]] void wake() noexcept;
    void wait(crossing_condition is);
    void wait_shielded(crossing_condition is);
    /// False when what is waited for is there already.
    [[nodiscard]] bool park(class crossing_waiter& w) noexcept;
    [[nodiscard]] bool give_up(class crossing_waiter& w) noexcept;

    std::atomic<bool> waits_ = false;  // under the mutex
    std::mutex mutex_;
    remote_list waiting_;  // under the mutex
    spinner looks_{std::chrono::microseconds(50)};
};

}  // namespace weft::detail
