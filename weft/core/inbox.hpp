#pragma once

#include "weft/base/export.hpp"

#include <atomic>
#include <cstdint>

/// What other threads have for a loop.
namespace weft {

class driver;

namespace detail {

/// One thing posted; intrusive, and its owner's until one of the two is called.
struct posted {
    /// On the loop's thread.
    void (*taken)(posted& p) noexcept;
    posted* next = nullptr;
    /// The loop was closed before it took it: called by who closes it. Null for what is never there
    /// then, because a coroutine of the loop waits for it.
    void (*dropped)(posted& p) noexcept = nullptr;
};

/// Rules:
/// 1. Any thread posts: a push onto a lock-free list. Only the loop's thread takes: all at once,
///    and gives them back in the order of their posting.
/// 2. The post that finds the list empty wakes the loop; later ones need not, since the loop takes
///    everything when it has woken.
/// 3. `posting_` counts those inside of `post`: a loop may take what was posted, end and be
///    destroyed before `wake` has returned, so its end waits for them (`close`). Its highest bit
///    says that the inbox is closed; the driver is not touched any more then.
/// 4. Who may post without being waited for keeps the inbox alive (it is the loop's by a
///    `shared_ptr`) and asks what `post` says. Those that `hold` it are the loop's remotes: as long
///    as there is one, the loop does not call itself deadlocked.
class WEFT_EXPORT inbox {
public:
    explicit inbox(driver& to_wake) noexcept : driver_(to_wake) {}
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;

    /// Any thread. False when it is closed: `p` is the caller's still.
    bool post(posted& p) noexcept;

    /// Any thread.
    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void let_go() noexcept;
    [[nodiscard]] bool is_held() const noexcept {
        return holders_.load(std::memory_order_acquire) != 0;
    }
    [[nodiscard]] bool closed() const noexcept {
        return (posting_.load(std::memory_order_acquire) & closed_bit) != 0;
    }

    /// Has the loop make a turn. Any thread.
    void wake() noexcept;
    /// Nothing is there that was posted before the caller learnt of it. Any thread.
    [[nodiscard]] bool settled() const noexcept {
        return newest_.load(std::memory_order_acquire) == nullptr;
    }

    /// The loop's thread: everything posted so far, oldest first.
    [[nodiscard]] bool empty() const noexcept {
        return newest_.load(std::memory_order_relaxed) == nullptr;
    }
    [[nodiscard]] posted* take() noexcept;

    /// Refuses what is posted from now on, waits until nobody is inside of `post`, and drops what
    /// is there.
    void close() noexcept;

private:
    static constexpr std::uint32_t closed_bit = 1u << 31;

    [[nodiscard]] bool enter() noexcept;
    void leave() noexcept { posting_.fetch_sub(1, std::memory_order_release); }

    driver& driver_;
    std::atomic<posted*> newest_ = nullptr;
    std::atomic<std::uint32_t> posting_ = 0;
    std::atomic<std::uint32_t> holders_ = 0;
};

}  // namespace detail
}  // namespace weft
