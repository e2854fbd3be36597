#pragma once

#include "weft/core/fiber_record.hpp"
#include "weft/core/scheduler.hpp"

/// Internal: the scheduler's prefetching, inlined where it resumes.
namespace weft::detail {

/// The fiber that resuming `b` means, or null: told by the frame, which a resume touches anyway.
inline fiber_record* fiber_at_leaf(const control_block& b) noexcept {
    auto* const frame = static_cast<fiber_record*>(b.leaf.address());
    return frame->resume == &fiber_record::resume_frame ? frame : nullptr;
}

inline void scheduler::look_ahead() const noexcept {
    const control_block* const first = ready_.front();
    if (first == nullptr) return;
    if (const fiber_record* const fiber = fiber_at_leaf(*first); fiber != nullptr) {
        const char* const sp = static_cast<const char*>(fiber->machine.left_at.sp);
        __builtin_prefetch(sp);
        __builtin_prefetch(sp + 64);
        __builtin_prefetch(sp + 128);
        __builtin_prefetch(sp + 192);
    }
    const control_block* const second = first->ready_next;
    if (second == nullptr) return;
    __builtin_prefetch(second->leaf.address());
    __builtin_prefetch(static_cast<const char*>(second->leaf.address()) + 64);
    if (second->ready_next != nullptr) __builtin_prefetch(second->ready_next);
}

}  // namespace weft::detail
