#include "weft/core/watchdog.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <linux/futex.h>
#include <mutex>
#include <new>
#include <pthread.h>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace weft::detail {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// What the watchdog's thread does, in the word it sleeps on.
enum word : std::uint32_t {
    awake,   ///< it looks at the loops
    dozing,  ///< it sleeps until it has to look again
    asleep,  ///< it sleeps until it is roused
};

constexpr nanoseconds round_min = std::chrono::microseconds(100);
constexpr nanoseconds round_max = std::chrono::hours(1);

/// How long after a look at the loops comes the next.
nanoseconds round_of(const watched_loop& loop) noexcept {
    return std::clamp(loop.limit / 4, round_min, round_max);
}

}  // namespace

class watchdog {
public:
    void watch(watched_loop& loop) noexcept;
    void unwatch(watched_loop& loop) noexcept;
    void rouse(word from) noexcept;
    /// Ends the thread and waits for it. Others can still call all of the above.
    void stop() noexcept;
    [[nodiscard]] watchdog_statistics stats() noexcept;

private:
    void start_thread() noexcept;
    void run() noexcept;
    bool look_at_all() noexcept;
    void look_at(watched_loop& loop, steady_clock::time_point now) noexcept;
    bool mark_unwatched() noexcept;
    void wait(word expected, const nanoseconds* timeout) noexcept;

    std::atomic<std::uint32_t> word_{awake};
    std::atomic<std::uint64_t> roused_{0};
    std::mutex mutex_;  // for all that follows
    watched_loop* loops_ = nullptr;
    nanoseconds round_{0};  // how long it dozes
    pthread_t thread_{};
    bool has_thread_ = false;
    bool stopping_ = false;
    std::uint64_t rounds_ = 0;
    std::uint64_t reports_ = 0;
};

namespace {

/// Never destroyed (there is nothing to destroy): static objects may unwatch loops at the end.
constinit watchdog only;
static_assert(std::is_trivially_destructible_v<watchdog>);

/// Set in the watchdog's thread.
thread_local bool is_watchdog = false;

/// Once in a process, children included, which inherit the handlers. At the end of the process the
/// thread is joined, before what it uses is gone. A child of `fork` has one thread, and the lock
/// may be held by one that it has not: it begins anew.
void install_handlers() noexcept {
    static constinit bool installed = false;  // under the lock
    if (std::exchange(installed, true)) return;
    pthread_atfork(nullptr, nullptr, [] { ::new (static_cast<void*>(&only)) watchdog; });
    std::atexit([] { only.stop(); });
}

}  // namespace

/// All signals are blocked in it: handlers run on the threads of the program.
void watchdog::start_thread() noexcept {
    install_handlers();
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    has_thread_ = pthread_create(
                      &thread_, nullptr,
                      [](void* self) -> void* {
                          is_watchdog = true;
                          pthread_setname_np(pthread_self(), "weft-watchdog");
                          static_cast<watchdog*>(self)->run();
                          return nullptr;
                      },
                      this) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void watchdog::watch(watched_loop& loop) noexcept {
    bool hurry = false;
    {
        const std::lock_guard lock(mutex_);
        loop.seen_ = nullptr;
        loop.next_ = loops_;
        loops_ = &loop;
        hurry = round_of(loop) < round_;
        if (!has_thread_ && !stopping_) start_thread();
    }
    left_park(loop);
    rouse(asleep);
    if (hurry) rouse(dozing);
}

void watchdog::unwatch(watched_loop& loop) noexcept {
    const std::lock_guard lock(mutex_);
    for (watched_loop** l = &loops_; *l != nullptr; l = &(*l)->next_) {
        if (*l != &loop) continue;
        *l = loop.next_;
        return;
    }
}

void watchdog::rouse(word from) noexcept {
    std::uint32_t expected = from;
    if (!word_.compare_exchange_strong(expected, awake, std::memory_order_acq_rel)) return;
    if (from == asleep) roused_.fetch_add(1, std::memory_order_relaxed);
    syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void watchdog::stop() noexcept {
    if (is_watchdog) return;  // somebody ends the process from a report
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (!std::exchange(has_thread_, false)) return;
    }
    rouse(asleep);
    rouse(dozing);
    pthread_join(thread_, nullptr);
}

watchdog_statistics watchdog::stats() noexcept {
    const std::lock_guard lock(mutex_);
    return {.running = has_thread_,
            .asleep = word_.load(std::memory_order_acquire) == asleep,
            .rounds = rounds_,
            .roused = roused_.load(std::memory_order_relaxed),
            .reports = reports_};
}

/// Each round announces first that it is going to sleep, and then marks the loops: whoever leaves
/// its driver after that finds the announcement (rule 3). The round after a rousing only dozes, so
/// that a loop which parks and leaves all the time does not make a system call each time.
void watchdog::run() noexcept {
    bool roused = true;
    for (;;) {
        nanoseconds round{0};
        bool sleeps = false;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            const bool running = look_at_all();
            round = round_;
            if (!running && !roused) {
                word_.store(asleep, std::memory_order_release);
                sleeps = mark_unwatched();
            }
            if (!sleeps) word_.store(dozing, std::memory_order_release);
        }
        if (sleeps)
            wait(asleep, nullptr);
        else
            wait(dozing, &round);
        roused = sleeps;
        word_.store(awake, std::memory_order_release);
    }
}

/// Whether one of them runs.
bool watchdog::look_at_all() noexcept {
    ++rounds_;
    if (loops_ != nullptr) round_ = round_max;
    bool running = false;
    const auto now = steady_clock::now();
    for (watched_loop* l = loops_; l != nullptr; l = l->next_) {
        round_ = std::min(round_, round_of(*l));
        if (l->state.load(std::memory_order_acquire) == watch_state::running) {
            running = true;
            look_at(*l, now);
        } else {
            l->seen_ = nullptr;
        }
    }
    return running;
}

void watchdog::look_at(watched_loop& loop, steady_clock::time_point now) noexcept {
    control_block* const current = loop.current.load(std::memory_order_relaxed);
    const std::uint32_t tick = loop.tick.load(std::memory_order_relaxed);
    const std::uint64_t turns = loop.turns.load(std::memory_order_relaxed);
    if (current == nullptr || current != loop.seen_ || tick != loop.seen_tick_ ||
        turns != loop.seen_turns_) {
        loop.seen_ = current;
        loop.seen_tick_ = tick;
        loop.seen_turns_ = turns;
        loop.since_ = now;
        loop.report_at_ = loop.limit;
        return;
    }
    const nanoseconds kept = now - loop.since_;
    if (kept < loop.report_at_) return;
    while (loop.report_at_ <= kept) loop.report_at_ *= 2;
    ++reports_;
    loop.report(loop, kept);
}

/// Whether all are parked, and will rouse the watchdog. Those marked before one that is not stay
/// so: they rouse nobody when it is not asleep.
bool watchdog::mark_unwatched() noexcept {
    for (watched_loop* l = loops_; l != nullptr; l = l->next_) {
        auto state = watch_state::parked;
        if (!l->state.compare_exchange_strong(state, watch_state::unwatched,
                                              std::memory_order_acq_rel) &&
            state == watch_state::running)
            return false;
    }
    return true;
}

void watchdog::wait(word expected, const nanoseconds* timeout) noexcept {
    timespec relative{};
    if (timeout != nullptr) {
        relative.tv_sec = static_cast<std::time_t>(timeout->count() / 1'000'000'000);
        relative.tv_nsec = static_cast<long>(timeout->count() % 1'000'000'000);
    }
    syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, expected,
            timeout != nullptr ? &relative : nullptr, nullptr, 0);
}

void watch(watched_loop& loop) noexcept {
    if (loop.limit <= nanoseconds::zero() || loop.report == nullptr) return;
    only.watch(loop);
}

void unwatch(watched_loop& loop) noexcept {
    only.unwatch(loop);
}

void rouse_watchdog() noexcept {
    only.rouse(asleep);
}

watchdog_statistics watchdog_stats() noexcept {
    return only.stats();
}

}  // namespace weft::detail
