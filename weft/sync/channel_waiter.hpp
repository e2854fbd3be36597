#pragma once

#include "weft/base/export.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/waiter.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

/// Who waits for a channel.
namespace weft::detail {

class channel_waiter;
class select_waiter;

/// How a wait for a channel has ended.
enum class channel_event : std::uint8_t {
    none,    ///< it has not, or nothing had to be waited for
    done,    ///< the item is there, or was taken
    closed,  ///< the channel was closed
    gone,    ///< the channel was destroyed
    failed,  ///< moving the item threw
};

/// Waiters in the order of their waiting.
class channel_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
    /// REQUIRES: not empty.
    [[nodiscard]] channel_waiter& front() const noexcept { return *head_; }
    [[nodiscard]] std::size_t count() const noexcept;
    void push(channel_waiter& w) noexcept;
    void remove(channel_waiter& w) noexcept;

private:
    channel_waiter* head_ = nullptr;
    channel_waiter* tail_ = nullptr;  // of the last when there is one
};

/// A coroutine that waits in the queue of a channel, or a branch of its `select`. Whoever is linked
/// may be served: a branch that has won unlinks the others at once.
class channel_waiter : public waiter {
public:
    // Links have no value before they are used: most waits are over at once.
    explicit channel_waiter(const wait_kind& k) noexcept : waiter(k) {}

    [[nodiscard]] channel_event event() const noexcept { return event_; }
    void link(channel_queue& to, select_waiter* of = nullptr) noexcept {
        queue_ = &to;
        select_ = of;
        to.push(*this);
    }
    /// REQUIRES: it was linked. Does nothing when it is not any more.
    void unlink() noexcept {
        if (queue_ != nullptr) std::exchange(queue_, nullptr)->remove(*this);
    }
    /// Ends the wait of one that is linked.
    void end(channel_event how) noexcept {
        unlink();
        event_ = how;
        if (select_ == nullptr) [[likely]]
            this_scheduler().wake(*block);
        else
            end_select();
    }

protected:
    ~channel_waiter() = default;

private:
    friend channel_queue;
    WEFT_EXPORT void end_select() noexcept;

    channel_waiter* next_;
    channel_waiter* prev_;
    channel_queue* queue_;  // null when it is not linked any more
    select_waiter* select_;
    channel_event event_ = channel_event::none;
};

inline std::size_t channel_queue::count() const noexcept {
    std::size_t n = 0;
    for (const channel_waiter* w = head_; w != nullptr; w = w->next_) ++n;
    return n;
}
inline void channel_queue::push(channel_waiter& w) noexcept {
    w.next_ = nullptr;
    w.prev_ = tail_;
    if (head_ == nullptr)
        head_ = &w;
    else
        tail_->next_ = &w;
    tail_ = &w;
}
inline void channel_queue::remove(channel_waiter& w) noexcept {
    if (head_ == &w)
        head_ = w.next_;
    else
        w.prev_->next_ = w.next_;
    if (tail_ == &w)
        tail_ = w.prev_;
    else
        w.next_->prev_ = w.prev_;
}

}  // namespace weft::detail
