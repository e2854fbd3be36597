#pragma once

#include "weft/base/export.hpp"
#include "weft/core/remote_wait.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>

/// An event across threads.
namespace weft {

/// A flag that coroutines of any loop and plain threads wait for. Setting it wakes all of them, in
/// the order of their waiting, and it stays set until `reset`.
///
/// ```cpp
/// weft::task<> started_by_a_thread() {
///     weft::shared_event go;
///     std::thread other([&go] { go.set(); });
///     co_await go.wait();  // a thread without a loop: go.blocking_wait()
///     other.join();
/// }
/// ```
///
/// Any thread may call anything, but construct and destroy it: then nobody uses it, and a waiter
/// ends the process with a message.
class WEFT_EXPORT shared_event {
public:
    class awaiter;

    shared_event() noexcept = default;
    shared_event(const shared_event&) = delete;
    shared_event& operator=(const shared_event&) = delete;
    ~shared_event();

    void set() noexcept;
    void reset() noexcept { set_.store(false, std::memory_order_release); }
    [[nodiscard]] bool is_set() const noexcept { return set_.load(std::memory_order_acquire); }

    /// Awaited, returns when it is set. Who was waiting when it was set goes on, even if it has
    /// been reset since.
    [[nodiscard]] awaiter wait() noexcept;
    /// The same for a thread without a loop, which it blocks; on others `usage_error`.
    void blocking_wait();

    /// How many wait.
    [[nodiscard]] std::size_t waiting() const noexcept;

private:
    class thread_waiter;

    mutable std::mutex mutex_;
    detail::remote_list waiters_;    // under the mutex
    std::atomic<bool> set_ = false;  // set under the mutex
};

class WEFT_EXPORT shared_event::awaiter
    : public detail::awaiter<shared_event::awaiter, detail::remote_waiter> {
public:
    explicit awaiter(shared_event& e) noexcept;

    [[nodiscard]] bool try_now() noexcept {
        return event_.is_set() ||
               detail::this_scheduler().spin_until([this] { return event_.is_set(); });
    }
    void start() noexcept;
    void finish() const;
    /// Whether it was given up in time.
    [[nodiscard]] bool give_up() noexcept;

private:
    shared_event& event_;
};

inline shared_event::awaiter shared_event::wait() noexcept {
    return awaiter(*this);
}

}  // namespace weft
