#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/stop_state.hpp"

#include <stdexcept>
#include <string>

/// The end of a program as its coroutines see it.
namespace weft {

/// A signal has stopped `run`, whose coroutine then has ended without a result.
class WEFT_EXPORT interrupted : public std::runtime_error {
public:
    explicit interrupted(int signal);
    ~interrupted() override;
    /// `SIGINT` or `SIGTERM`.
    [[nodiscard]] int signal() const noexcept { return signal_; }
    /// What a shell would have shown: 128 and the signal's number.
    [[nodiscard]] int exit_status() const noexcept { return 128 + signal_; }

private:
    int signal_;
};

namespace detail {

WEFT_EXPORT extern const wait_kind stopping_kind;

class WEFT_EXPORT stopping_waiter : public waiter, public stop_watch {
public:
    stopping_waiter() noexcept;

protected:
    ~stopping_waiter() = default;
    void enlist(scheduler& home) noexcept;

private:
    friend struct stopping_calls;
    scheduler* home_ = nullptr;
    bool counts_ = false;
};

class stopping_awaiter : public awaiter<stopping_awaiter, stopping_waiter> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now() const noexcept { return this_scheduler().stops().stopping; }
    void start() noexcept { enlist(this_scheduler()); }
    void finish() const { raise_if_cancelled_meanwhile(*this); }
};

}  // namespace detail

/// The loop has been told to stop, by a signal or by `loop::stop()`, and is draining: what runs may
/// end in peace, for `options::drain` at most, then it is cancelled. `usage_error` without a loop.
///
/// ```cpp
/// weft::task<> import_files(std::vector<std::string> names) {
///     for (const std::string& name : names) {
///         if (weft::is_stopping()) co_return;  // between two, not within one
///         co_await weft::sleep(std::chrono::milliseconds(10));
///         (void)name;
///     }
/// }
/// ```
[[nodiscard]] inline bool is_stopping() {
    return detail::scheduler_for("is_stopping()").stops().stopping;
}

/// Awaited, returns when that is so. It raises `cancelled` when all is cancelled at once, as it is
/// without `options::drain`. Where a signal may stop the loop, waiting for it is no deadlock.
///
/// ```cpp
/// weft::task<> until_ctrl_c() {
///     co_await weft::stopping();
///     std::puts("finishing what was begun");
/// }
/// ```
[[nodiscard]] inline detail::stopping_awaiter stopping() noexcept {
    return {};
}

}  // namespace weft
