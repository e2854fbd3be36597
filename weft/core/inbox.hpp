#pragma once

#include "weft/base/export.hpp"

#include <atomic>

/// What other threads have for a loop.
namespace weft {

class driver;

namespace detail {

/// One thing posted; intrusive, and its owner's until `taken` is called, on the loop's thread.
struct posted {
    void (*taken)(posted& p) noexcept;
    posted* next = nullptr;
};

/// Rules:
/// 1. Any thread posts: a push onto a lock-free list. Only the loop's thread takes: all at once,
///    and gives them back in the order of their posting.
/// 2. The post that finds the list empty wakes the loop; later ones need not, since the loop takes
///    everything when it has woken.
/// 3. `posting_` counts those inside of `post`: a loop may take what was posted, end and be
///    destroyed before `wake` has returned, so its end waits for them (`close`).
class WEFT_EXPORT inbox {
public:
    explicit inbox(driver& to_wake) noexcept : driver_(to_wake) {}
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;

    /// Any thread.
    void post(posted& p) noexcept;

    /// The loop's thread: everything posted so far, oldest first.
    [[nodiscard]] bool empty() const noexcept {
        return newest_.load(std::memory_order_relaxed) == nullptr;
    }
    [[nodiscard]] posted* take() noexcept;

    /// Waits until nobody is inside of `post`.
    void close() noexcept;

private:
    driver& driver_;
    std::atomic<posted*> newest_ = nullptr;
    std::atomic<unsigned> posting_ = 0;
};

}  // namespace detail
}  // namespace weft
