#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/driver.hpp"
#include "weft/core/oracle.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// How a loop is to run.
namespace weft {

/// ```cpp
/// const auto watched = weft::options{}.watchdog(std::chrono::milliseconds(20));
/// const auto crawling = weft::options{}.threads(4).name("crawl");
/// ```
class WEFT_EXPORT options {
public:
    /// Gets an error that nobody joined: when the coroutine has ended and no handle is left (R13).
    using unhandled = std::function<void(std::exception_ptr error, std::string_view coroutine)>;
    /// Gets a text when a coroutine keeps the thread too long. Called on another thread.
    using slow = std::function<void(std::string_view report)>;

    options() = default;

    /// Default: `report_unhandled`, which writes to standard error.
    options& on_unhandled(unhandled f) {
        on_unhandled_ = std::move(f);
        return *this;
    }
    /// How long a coroutine may run without an await before that is reported; zero turns it off.
    /// Default 100 ms.
    options& watchdog(std::chrono::nanoseconds limit) noexcept {
        watchdog_ = limit;
        return *this;
    }
    /// Default: one line to standard error.
    options& on_slow(slow f) {
        on_slow_ = std::move(f);
        return *this;
    }
    /// How long cleanup that awaits may take after a cancellation: `with_cleanup`, and destructors
    /// in fibers. Default 5 s.
    options& grace(std::chrono::nanoseconds time) noexcept {
        grace_ = time;
        return *this;
    }
    /// Bytes of a fiber's stack. Default 256 KiB.
    options& stack(std::size_t bytes) noexcept {
        stack_bytes_ = bytes;
        return *this;
    }
    /// Bytes of the guard below each stack. Default 64 KiB.
    options& guard(std::size_t bytes) noexcept {
        guard_bytes_ = bytes;
        return *this;
    }
    /// Default: `make_driver()`. The loop takes what the function makes.
    options& driver(std::function<std::unique_ptr<weft::driver>()> make) {
        driver_ = std::move(make);
        return *this;
    }
    /// So many loops, each pinned to a thread of its own: the calling one has the first, and the
    /// others live for as long as `run` does (`weft::loops()`). 0: one for each processor. Default
    /// 1. The functions given here are then called on any of these threads.
    options& threads(std::size_t n) noexcept {
        threads_ = n != 0 ? n : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
        return *this;
    }
    /// The threads of `run` are called crawl-0, crawl-1 and so on, for `name("crawl")`, cut to the
    /// 15 bytes that Linux has for it; the first has its old name again when `run` returns.
    options& name(std::string text) {
        name_ = std::move(text);
        return *this;
    }
    /// Each thread of `run` keeps to one processor of those that it may use. Default: off.
    options& pin_threads(bool on) noexcept {
        pin_threads_ = on;
        return *this;
    }
    /// Whether SIGINT and SIGTERM stop `run`, where they would end the process: the first one as
    /// `loop::stop()` does, and `run` throws `interrupted` unless its coroutine returns; the second
    /// one ends the process. Default: on.
    options& stop_on_signals(bool on) noexcept {
        stop_on_signals_ = on;
        return *this;
    }
    /// For how long everything runs on when the loop was told to stop, and knows it (`stopping()`),
    /// before it is cancelled. Default zero.
    options& drain(std::chrono::nanoseconds time) noexcept {
        drain_ = time;
        return *this;
    }
    /// Gets a text, once, when coroutines are left `grace` after all was cancelled: who, what each
    /// waits for, for how long, and where. They are waited for all the same. On the thread of their
    /// loop. Default: standard error.
    options& on_held_up(slow f) {
        on_held_up_ = std::move(f);
        return *this;
    }
    /// Who decides what is left open; must outlive the loop. Default: nobody (first come, first
    /// served).
    options& choices(oracle* o) noexcept {
        oracle_ = o;
        return *this;
    }

    /// How long a loop whose coroutines wait for another thread looks for that, keeping its
    /// processor, before it sleeps: to wake a sleeping one costs 40 to 90 us. Zero turns it off,
    /// and where it does not pay it turns itself off. A loop without such waits never does it.
    /// Default 50 us.
    options& spin(std::chrono::nanoseconds time) noexcept {
        spin_ = time;
        return *this;
    }
    /// At most so many threads for `offload`; 0 for the default: the processors and four more, but
    /// at most 32.
    options& offload_threads(std::size_t n) noexcept {
        offload_threads_ = n;
        return *this;
    }
    /// At most so many calls of `offload` wait for a thread; one more fails. Default: no bound, as
    /// each is awaited by a coroutine and costs nothing besides.
    options& offload_queue(std::size_t n) noexcept {
        offload_queue_ = n;
        return *this;
    }
    /// How long a thread for `offload` waits for another call before it ends. Default 10 s.
    options& offload_idle(std::chrono::nanoseconds time) noexcept {
        offload_idle_ = time;
        return *this;
    }

    [[nodiscard]] const unhandled& on_unhandled() const noexcept { return on_unhandled_; }
    [[nodiscard]] const slow& on_slow() const noexcept { return on_slow_; }
    [[nodiscard]] std::chrono::nanoseconds watchdog() const noexcept { return watchdog_; }
    [[nodiscard]] std::chrono::nanoseconds grace() const noexcept { return grace_; }
    [[nodiscard]] std::size_t stack() const noexcept { return stack_bytes_; }
    [[nodiscard]] std::size_t guard() const noexcept { return guard_bytes_; }
    [[nodiscard]] std::chrono::nanoseconds spin() const noexcept { return spin_; }
    [[nodiscard]] std::size_t threads() const noexcept { return threads_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool pin_threads() const noexcept { return pin_threads_; }
    [[nodiscard]] bool stop_on_signals() const noexcept { return stop_on_signals_; }
    [[nodiscard]] std::chrono::nanoseconds drain() const noexcept { return drain_; }
    [[nodiscard]] const slow& on_held_up() const noexcept { return on_held_up_; }
    /// 0: the default.
    [[nodiscard]] std::size_t offload_threads() const noexcept { return offload_threads_; }
    [[nodiscard]] std::size_t offload_queue() const noexcept { return offload_queue_; }
    [[nodiscard]] std::chrono::nanoseconds offload_idle() const noexcept { return offload_idle_; }
    [[nodiscard]] oracle* choices() const noexcept { return oracle_; }
    [[nodiscard]] std::unique_ptr<weft::driver> make_driver() const {
        return driver_ ? driver_() : weft::make_driver();
    }

private:
    unhandled on_unhandled_;
    slow on_slow_;
    std::chrono::nanoseconds watchdog_ = std::chrono::milliseconds(100);
    std::chrono::nanoseconds grace_ = std::chrono::seconds(5);
    std::size_t stack_bytes_ = std::size_t{256} * 1024;
    std::size_t guard_bytes_ = std::size_t{64} * 1024;
    std::size_t threads_ = 1;
    std::string name_;
    bool pin_threads_ = false;
    bool stop_on_signals_ = true;
    std::chrono::nanoseconds drain_{0};
    slow on_held_up_;
    std::function<std::unique_ptr<weft::driver>()> driver_;
    oracle* oracle_ = nullptr;
    std::chrono::nanoseconds spin_ = std::chrono::microseconds(50);
    std::size_t offload_threads_ = 0;
    std::size_t offload_queue_ = SIZE_MAX;
    std::chrono::nanoseconds offload_idle_ = std::chrono::seconds(10);
};

}  // namespace weft
