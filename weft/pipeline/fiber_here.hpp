#pragma once

#include "weft/core/fiber_record.hpp"
#include "weft/core/scheduler.hpp"

namespace weft::detail {

/// The fiber that runs. Null: whoever runs cannot suspend, so that a wait blocks the thread.
[[nodiscard]] inline fiber_record* fiber_here() noexcept {
    scheduler* const home = the_scheduler;
    control_block* const b = home != nullptr ? home->current() : nullptr;
    if (b == nullptr || b->kind != block_kind::fiber) return nullptr;
    // While a task runs for the fiber, the leaf is that one.
    auto* const frame = static_cast<fiber_record*>(b->leaf.address());
    return frame->resume == &fiber_record::resume_frame ? frame : nullptr;
}

}  // namespace weft::detail
