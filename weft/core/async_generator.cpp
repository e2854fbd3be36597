#include "weft/core/async_generator.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/fiber_record.hpp"

namespace weft::detail {

const wait_kind drive_kind{"the next value of an async generator", nullptr};

void async_generator_handle::destroy() noexcept {
    WEFT_CHECK(frame_->state() != generator_state::running,
               "an async_generator was destroyed while it runs or awaits: let next() end, or "
               "cancel whoever drives it and wait for that");
    std::exchange(frame_, nullptr)->handle().destroy();
}

bool drive_awaiter::await_ready() {
    static_cast<void>(scheduler_for(kind->what));
    async_generator_frame* const frame = generator_.frame_;
    if (frame == nullptr || frame->state() == generator_state::closed) return true;
    if (frame->state() == generator_state::running)
        throw already_executing("async_generator: it runs already, driven by another coroutine or "
                                "by itself: one at a time may await next()");
    if (mode_ != how::next && frame->state() == generator_state::created) {
        generator_.drop();  // nothing of it has run that could see the error
        return true;
    }
    frame_ = frame;
    return false;
}

/// A cancellation is raised before the next value is asked for; but a generator can be closed in a
/// coroutine that is cancelled.
bool drive_awaiter::gives_up(scheduler& home, control_block& b) noexcept {
    block = &b;
    if (mode_ == how::next && b.has(block_flag::cancel_pending)) [[unlikely]] {
        b.flags |= block_flag::abandoned;
        home.push(b);
        return true;
    }
    if (error_) frame_->raise(error_);
    return false;
}

void drive_awaiter::suspend_in(scheduler& home, control_block& b) noexcept {
    if (gives_up(home, b)) return;
    frame_->drive_from_fiber(fiber_record::of(b)->link, b);
    home.push_next(b);
}

void* drive_awaiter::resumed() {
    if (frame_ == nullptr) {
        if (mode_ == how::raise) std::rethrow_exception(error_);
        return nullptr;
    }
    control_block& b = *block;
    if (b.has(block_flag::abandoned)) [[unlikely]]
        raise_cancelled(b);
    if (mode_ == how::close) {
        closed(b);
        return nullptr;
    }
    if (b.has(block_flag::child_failed)) [[unlikely]]
        rethrow_child(b);
    return frame_->state() == generator_state::suspended ? frame_->out() : nullptr;
}

void drive_awaiter::closed(control_block& b) {
    if (frame_->state() == generator_state::suspended)
        throw ignored_exit(
            "close(): the async generator caught generator_exit and yielded a value: let the exit "
            "pass, or return; the generator is still alive");
    if (!b.has(block_flag::child_failed)) return;
    try {
        rethrow_child(b);
    } catch (const generator_exit&) {
        b.extra->error = nullptr;
    }
}

}  // namespace weft::detail
