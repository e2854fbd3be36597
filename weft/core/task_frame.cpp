#include "weft/core/task.hpp"

#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"

#include <utility>

namespace weft::detail {

void note_failure(control_block& b, place at) noexcept {
    block_extra& extra = extra_of(b);
    std::exception_ptr error = std::current_exception();
    if (extra.error != error) {
        extra.error = std::move(error);
        extra.trace.clear();
    }
    extra.trace.push_back(at);
    b.flags |= block_flag::child_failed;
}

void rethrow_child(control_block& b) {
    b.flags &= static_cast<std::uint8_t>(~block_flag::child_failed);
    std::rethrow_exception(b.extra->error);
}

void refuse_used_task() {
    throw usage_error("a task is awaited or spawned once: this one was, or was moved from; call "
                      "the coroutine again, or spawn it and share the handle");
}

void drop_unused_task(task_frame& frame) noexcept {
    if (std::uncaught_exceptions() == 0) {
        const std::string text =
            "a task was dropped that never ran: co_await it, spawn() it, or do not call the "
            "coroutine (" +
            describe_place(frame.at) + ")";
        report_unhandled(std::make_exception_ptr(usage_error(text)), "destroying a task");
    }
    frame.handle().destroy();
}

void raise_cancelled(control_block& b) {
    b.flags &= static_cast<std::uint8_t>(~block_flag::abandoned);
    throw cancel_node::reason_for(b);
}

control_block& add_foreign(std::coroutine_handle<> h) {
    scheduler& home = this_scheduler();
    control_block* const outer = home.current();
    cancel_node& in = outer != nullptr ? *outer->scope : home.root();
    control_block& b = home.add(block_kind::foreign, in, nullptr);
    if (outer != nullptr) {
        b.flags |= outer->flags & (block_flag::cancel_pending | block_flag::taken);
        outer->flags &= static_cast<std::uint8_t>(~block_flag::taken);
    }
    b.leaf = h;
    return b;
}

void forget_foreign(control_block& b) noexcept {
    this_scheduler().after_leaving(
        [](void* left) { this_scheduler().whole_ended(*static_cast<control_block*>(left)); }, &b);
}

}  // namespace weft::detail
