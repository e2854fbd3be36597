#include "weft/core/join_waiter.hpp"

#include "weft/core/scheduler.hpp"

namespace weft::detail {

// The list is circular, so that its first, which the block knows, knows its last.

void join_waiter::link(control_block& to) noexcept {
    target = &to;
    join_waiter*& first = to.joiners;
    if (first == nullptr) {
        first = prev_ = next_ = this;
        return;
    }
    prev_ = first->prev_;
    next_ = first;
    prev_->next_ = next_->prev_ = this;
}

void join_waiter::unlink() noexcept {
    if (target == nullptr) return;
    join_waiter*& first = target->joiners;
    if (next_ == this)
        first = nullptr;
    else if (first == this)
        first = next_;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    target = nullptr;
}

void wake_joiners(control_block& b) noexcept {
    while (join_waiter* const w = b.joiners) {
        w->unlink();
        if (w->ended != nullptr)
            w->ended(*w);
        else
            this_scheduler().wake(*w->block);
    }
}

}  // namespace weft::detail
