// The part of the scheduler that moves between stacks.

#include "weft/base/check.hpp"
#include "weft/core/await.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/fiber_body.hpp"
#include "weft/core/fiber_record.hpp"
#include "weft/core/greenlet_block.hpp"
#include "weft/core/look_ahead.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/task_frame.hpp"

#include <cstring>
#include <utility>

namespace weft::detail {
namespace {

/// What the callable has captured may await in its destructor: shielded, as what the stack had
/// (R10).
[[gnu::cold]] void dispose_after_failure(fiber_record& self) {
    control_block& b = *self.block;
    block_extra& extra = extra_of(b);
    const std::exception_ptr error = extra.error;
    std::vector<place> trace = std::move(extra.trace);
    b.flags &= static_cast<std::uint8_t>(~block_flag::child_failed);
    {
        const unwinding_shield shield(b);
        self.code->dispose(self);
    }
    extra.error = error;
    extra.trace = std::move(trace);
    b.flags |= block_flag::child_failed;
}

}  // namespace

void scheduler::suspend_fiber(fiber_record& self) noexcept {
    if (canaries_) [[unlikely]]
        self.memory.check_canary();
    if (this_greenlet_thread().current != nullptr) [[unlikely]]
        return suspend_with_greenlets(self, nullptr, nullptr);
    hand_over(self);
    reap();
}

/// A thread has no greenlets at the moment of any switch between fibers: a side that has some puts
/// them aside on its own stack, as with exceptions. So `greenlet::current()` is the fiber's own.
[[gnu::noinline]] void scheduler::suspend_with_greenlets(fiber_record& self, void (*then)(void*),
                                                         void* argument) noexcept {
    greenlet_side mine;
    this_greenlet_thread().put_aside(mine, self.machine);
    if (then != nullptr)
        suspend_fiber_and(self, then, argument);
    else
        suspend_fiber(self);
    this_greenlet_thread().take_back(mine, self.machine);
}

/// Straight to the next fiber when one is next; to the loop when it is a task's turn, or time to
/// poll (R4).
inline void scheduler::hand_over(fiber_record& self) noexcept {
    control_block* const to = ticks_left() ? next() : nullptr;
    fiber_record* const fiber = to != nullptr ? fiber_at_leaf(*to) : nullptr;
    if (fiber == nullptr) return switch_context(self.machine, stack_, *exceptions_);
    ready_.pop();
    if (oracle_ != nullptr) [[unlikely]]
        oracle_->resumed(to->number, now_);
    started(*to);
    if (fiber == &self) return;
    look_ahead();
    switch_context(self.machine, fiber->machine, *exceptions_);
}

void scheduler::suspend_fiber_and(fiber_record& self, void (*then)(void*),
                                  void* argument) noexcept {
    if (canaries_) [[unlikely]]
        self.memory.check_canary();
    if (this_greenlet_thread().current != nullptr) [[unlikely]]
        return suspend_with_greenlets(self, then, argument);
    after_leaving(then, argument);
    switch_context(self.machine, stack_, *exceptions_);
    reap();
}

void scheduler::leave_fiber(fiber_record& self) noexcept {
    finished_ = &self;
    control_block* const to = ticks_left() ? next() : nullptr;
    fiber_record* const fiber = to != nullptr ? fiber_at_leaf(*to) : nullptr;
    if (fiber == nullptr) leave_context(self.machine, stack_);
    ready_.pop();
    if (oracle_ != nullptr) [[unlikely]]
        oracle_->resumed(to->number, now_);
    started(*to);
    look_ahead();
    leave_context(self.machine, fiber->machine);
}

void scheduler::enter_fiber(fiber_record& self) noexcept {
    greenlet_thread& thread = this_greenlet_thread();
    if (thread.current == nullptr) [[likely]]
        return switch_context(stack_, self.machine, *exceptions_);
    greenlet_side mine;
    thread.put_aside(mine, stack_);
    switch_context(stack_, self.machine, *exceptions_);
    this_greenlet_thread().take_back(mine, stack_);
}

void scheduler::reap_finished() noexcept {
    fiber_record* const gone = std::exchange(finished_, nullptr);
    gone->free();
}

control_block& begin_fiber(scheduler& home, cancel_node& in, place at, fiber_record& self) {
    const options& how = home.how();
    try {
        self.memory = stack::acquire(how.stack(), how.guard());
        control_block& b = home.add(block_kind::fiber, in, at);
        self.block = &b;
        b.body = &self;
        b.leaf = self.handle();
    } catch (...) {
        self.code->dispose(self);
        self.free();
        throw;
    }
    self.link.at = at;
    self.memory.set_owner(self.block, &name_for_overflow);
    if (self.memory.has_canary()) [[unlikely]]
        home.has_canaries();
    self.prepare();
    home.push(*self.block);
    return *self.block;
}

void fiber_record::prepare() {
    prepare_context(machine, memory.limit(), memory.top(), &entry, this);
}

void fiber_record::entry(void* argument) {
    auto& self = *static_cast<fiber_record*>(argument);
    context_entered(self.machine);
    scheduler& home = this_scheduler();
    home.reap();
    control_block& b = *self.block;
    try {
        self.code->run(self);
    } catch (...) {
        note_failure(b, self.link.at);
    }
    if (b.has(block_flag::child_failed)) [[unlikely]]
        dispose_after_failure(self);
    else
        self.code->dispose(self);
    if (this_greenlet_thread().root != nullptr) [[unlikely]]
        this_greenlet_thread().end_side();
    std::memcpy(&b.body, &self.result, sizeof b.body);  // perhaps a value, byte by byte
    home.whole_ended(b);
    home.leave_fiber(self);
}

void fiber_record::free() noexcept {
    forget_context(machine);
    this->~fiber_record();
    deallocate_frame(this);
}

void fiber_record::resume_frame(void* self) {
    this_scheduler().enter_fiber(*static_cast<fiber_record*>(self));
}

void fiber_record::destroy_frame(void*) noexcept {
    WEFT_CHECK(false, "destroy() on the handle of a fiber: it can be cancelled, not destroyed");
    __builtin_unreachable();
}

}  // namespace weft::detail
