#pragma once

#include "weft/core/fiber_record.hpp"
#include "weft/core/scheduler.hpp"

/// Internal: the scheduler's prefetching, inlined where it resumes.
namespace weft::detail {

inline void scheduler::look_ahead() const noexcept {
    const control_block* const first = ready_.front();
    if (first == nullptr) return;
    if (first->kind == block_kind::fiber) {
        const auto* const fiber = static_cast<const fiber_record*>(first->leaf.address());
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
