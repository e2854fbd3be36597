#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"

#include <csignal>
#include <cstddef>
#include <initializer_list>
#include <span>

/// Signals of the process, as something to await.
namespace weft {
namespace detail {

class signal_queue;

WEFT_EXPORT extern const wait_kind signal_wait_kind;

class signal_waiter : public waiter {
public:
    explicit signal_waiter(signal_queue& q) noexcept : waiter(signal_wait_kind), queue(&q) {}
    signal_queue* queue;
    signal_waiter* prev = nullptr;
    signal_waiter* next = nullptr;
    int number = 0;

protected:
    ~signal_waiter() = default;
};

/// The number of one that has come, or 0. `usage_error` on another loop's thread.
[[nodiscard]] WEFT_EXPORT int take_signal(signal_queue& q);
WEFT_EXPORT void enlist(signal_waiter& w) noexcept;

class signal_awaiter : public awaiter<signal_awaiter, signal_waiter> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now() { return (number = take_signal(*queue)) != 0; }
    void start() noexcept { enlist(*this); }
    [[nodiscard]] int finish() const noexcept { return number; }
};

}  // namespace detail

/// Catches signals for as long as it lives, and gives them to who awaits `next`.
///
/// ```cpp
/// weft::task<> reload_when_asked() {
///     weft::signals asked({SIGHUP, SIGUSR1});
///     for (;;) {
///         const int number = co_await asked.next();
///         std::printf("%s\n", number == SIGHUP ? "reloading" : "rotating the log");
///     }
/// }
/// ```
///
/// 1. Each signal that the kernel delivers is given once: nothing is lost but what the kernel
///    itself merges (several of one kind while one is on its way). Those of one kind that are
///    waiting come together; between kinds no order is kept.
/// 2. Several objects, on any loops, may catch the same: each gets all. Several coroutines may
///    await one object: who came first gets the next signal.
/// 3. The first object of a signal replaces its handler, the last one puts it back. While one
///    catches SIGINT or SIGTERM, that does not stop `run`.
/// 4. A signal that every thread of the process blocks (pthread_sigmask) stays with the kernel.
/// 5. In a child of `fork` the signals are handled as if this object had never been. A program that
///    is executed never inherits handlers.
/// 6. Of the loop's thread it was made on. Awaiting it is no deadlock: a signal may come. It works
///    on every driver, in a simulated world too. Destroying it while somebody awaits it ends the
///    process with a message.
class WEFT_EXPORT signals {
public:
    /// Throws `usage_error`: without a loop, for what is no signal, and for those that cannot be
    /// waited for (SIGKILL, SIGSTOP; SIGSEGV and its like).
    signals(std::initializer_list<int> numbers)
        : signals(std::span<const int>(numbers.begin(), numbers.size())) {}
    explicit signals(std::span<const int> numbers);
    explicit signals(int number) : signals(std::span<const int>(&number, 1)) {}
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;
    ~signals();

    /// Awaited, gives the number of the next one.
    [[nodiscard]] detail::signal_awaiter next() noexcept { return detail::signal_awaiter(*queue_); }
    /// The number of one that has come already, or 0.
    [[nodiscard]] int try_next() { return detail::take_signal(*queue_); }

private:
    detail::signal_queue* queue_;
};

}  // namespace weft
