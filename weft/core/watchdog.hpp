#pragma once

#include "weft/base/export.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

/// The watchdog: one thread of the process, which notices a coroutine that keeps the thread of its
/// loop too long, and costs nothing while nobody runs.
///
/// A loop publishes what it does in a `watched_loop`. While some loop runs, the watchdog looks at
/// them four times in each `limit` (the shortest one's) and reports a loop in which the same
/// coroutine has run, without a resume and without a poll, since a first look that was `limit` ago:
/// so after between one limit and one and a half. While all are parked it sleeps without a
/// timeout, so that an idle process has no wake-ups at all.
///
/// Rules:
/// 1. `tick`, `turns` and `current` are hints, stored relaxed by the loop's thread at places where
///    it stores anyway; together they say whether it has moved. Real time (`steady_clock`), also
///    under the simulator.
/// 2. `state` arms the watchdog. The loop's thread stores `parked` when it parks and exchanges in
///    `running` when it leaves; the watchdog, and only when it wants to sleep, changes `parked`
///    into `unwatched`. All three are changes of one atomic, whose order all threads agree on: so
///    either the watchdog finds the loop running and stays awake, or the loop finds `unwatched`
///    and rouses it.
/// 3. The word the watchdog sleeps on is set to `asleep` before the first `unwatched` of a round is
///    stored (with release), so a loop that finds `unwatched` (with acquire) also finds `asleep`,
///    or a later value. It changes `asleep` into `awake` and only then makes the system call; the
///    watchdog, in between, finds its word changed and does not fall asleep. Roused, it dozes for a
///    round (a quarter of the shortest limit) before it sleeps again, so that all loops together
///    make that call once in a round.
/// 4. The list of loops, the private members of each, and `report` are under a lock, which the
///    loops take in `watch` and `unwatch` only. So no `report` runs for a loop after its `unwatch`,
///    and `report` must neither call these two, nor `exit`, nor wait for anybody who does.
/// 5. A child of `fork` begins with no watchdog and no loops watched; what it inherited may be left
///    unwatched, and it may watch anew.
namespace weft::detail {

struct control_block;

enum class watch_state : std::uint8_t {
    running,    ///< the loop has left its driver, or has not begun to wait
    parked,     ///< it waits in its driver
    unwatched,  ///< likewise, and the watchdog sleeps, or is about to
};

/// What a loop publishes of itself; it lies in the scheduler and does not move.
struct watched_loop {
    std::atomic<std::uint32_t> tick{0};   ///< the loop: changes with every resume
    std::atomic<std::uint64_t> turns{0};  ///< the loop: changes with every poll of the driver
    std::atomic<control_block*> current{nullptr};  ///< the loop: who runs; null between resumes
    std::atomic<watch_state> state{watch_state::running};  ///< rule 2
    std::chrono::nanoseconds limit{0};  ///< zero: not watched. Set before `watch`
    /// Called by the watchdog's thread: once `limit` is over, once twice that is, then four times,
    /// and so on, for as long as the loop is stuck. Set before `watch`.
    void (*report)(watched_loop& loop, std::chrono::nanoseconds kept) noexcept = nullptr;

private:
    friend class watchdog;
    watched_loop* next_ = nullptr;
    std::uint32_t seen_tick_ = 0;
    std::uint64_t seen_turns_ = 0;
    control_block* seen_ = nullptr;  // null: nothing to compare with
    std::chrono::steady_clock::time_point since_;
    std::chrono::nanoseconds report_at_{0};
};

/// Begins to watch a loop, which counts as running. Starts the watchdog's thread when there is none
/// yet; where the system refuses one, nothing is watched. Does nothing when `limit` is zero.
/// A loop that goes on existing without being run calls `entering_park`.
WEFT_EXPORT void watch(watched_loop& loop) noexcept;

/// Ends that. The watchdog does not touch `loop` any more when it returns. Does nothing when it is
/// not watched.
WEFT_EXPORT void unwatch(watched_loop& loop) noexcept;

/// Wakes the watchdog when it sleeps without a timeout. For `left_park`.
WEFT_EXPORT void rouse_watchdog() noexcept;

/// The loop is about to wait in its driver. Its thread.
inline void entering_park(watched_loop& loop) noexcept {
    loop.state.store(watch_state::parked, std::memory_order_release);
}

/// The loop has returned from its driver. Its thread.
inline void left_park(watched_loop& loop) noexcept {
    if (loop.state.exchange(watch_state::running, std::memory_order_acq_rel) ==
        watch_state::unwatched) [[unlikely]]
        rouse_watchdog();
}

/// Figures of the process.
struct watchdog_statistics {
    bool running = false;       ///< it has a thread
    bool asleep = false;        ///< which sleeps without a timeout
    std::uint64_t rounds = 0;   ///< how often it has looked at the loops
    std::uint64_t roused = 0;   ///< system calls that woke it from such a sleep
    std::uint64_t reports = 0;  ///< calls of `report`
};
[[nodiscard]] WEFT_EXPORT watchdog_statistics watchdog_stats() noexcept;

}  // namespace weft::detail
