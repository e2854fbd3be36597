#include "weft/core/when_all_branches.hpp"

#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"

#include <utility>

namespace weft::detail {

const wait_kind branches_kind{
    "the end of all that it awaits together",
    [](waiter& w) noexcept { static_cast<branches_end_awaiter&>(w).set.cancel_given(); },
};
const wait_kind turn_kind{"its turn", nullptr};

namespace {

/// Nobody knows it, and nothing is left in it.
bool is_clean(const control_block& b) noexcept {
    // Who joins has a handle.
    return !b.has(block_flag::child_failed) && b.handles == 0 && b.extra == nullptr &&
           b.locals == nullptr && b.name == nullptr;
}

}  // namespace

control_block& branch_set::new_block(task_frame& frame) {
    try {
        return home().add(block_kind::task, *this, frame.at);
    } catch (...) {
        frame.handle().destroy();
        throw;
    }
}

void branch_set::begin(branch& b, task_frame& frame) {
    scheduler& here = home();
    control_block* const spare = std::exchange(spare_, nullptr);
    control_block& child = spare != nullptr ? *spare : new_block(frame);
    if (spare != nullptr) {
        here.renew(child);
        publish(child.spawned_at, frame.at);
    }
    child.leaf = frame.handle();
    bool over = false;
    if (!here.runs_within() || !here.ticks_left())
        here.push(child);
    else
        over = here.run_within(child);
    if (over && is_clean(child)) [[likely]] {
        spare_ = &child;
        b.state_ = block_state::returned;
        if (goal_ == goal::any && first_ == nullptr) decide(b, cancel_reason::request, child.id());
        return;
    }
    b.set_ = this;
    b.child_ = &child;
    ++live_;
    b.link(child);
    if (over) here.whole_ended(child);
}

void branch_set::watch(branch& b, control_block& child) {
    if (&child == owner()) refuse_to_join_self();
    b.set_ = this;
    b.child_ = &child;
    b.next_given_ = std::exchange(given_, &b);
    ++live_;
    if (child.ended())
        note_end(b, child);
    else
        b.link(child);
}

void branch_set::failed_to_begin() noexcept {
    if (failure_ == nullptr) failure_ = std::current_exception();
    cancel(cancel_origin(cancel_reason::sibling_failed, at_, owner()->id()));
}

void branch_set::begun() noexcept {
    if (control_block* const b = std::exchange(spare_, nullptr)) home().whole_ended(*b);
}

void branch::note_end(join_waiter& w) noexcept {
    auto& self = static_cast<branch&>(w);
    self.set_->note_end(self, *self.child_);
}

void branch_set::note_end(branch& b, control_block& child) noexcept {
    --live_;
    b.state_ = child.state;
    const bool by_us = cancelled() || has_marked_parent();
    if (child.state == block_state::failed) {
        b.error_ = child.extra->error;
        if (goal_ == goal::any || first_ == nullptr) child.flags |= block_flag::observed;
        if (first_ == nullptr) {
            trace_ = child.extra->trace;
            if (failure_ == nullptr) failure_ = b.error_;
        }
    } else if (child.state == block_state::cancelled && (goal_ == goal::any || !by_us)) {
        b.error_ = describe_cancelled(child);
        if (!by_us && failure_ == nullptr) failure_ = b.error_;
    }
    const bool decides = goal_ == goal::any
                             ? child.state != block_state::cancelled || !by_us
                             : child.state != block_state::returned && b.error_ != nullptr;
    if (decides && first_ == nullptr)
        decide(b, goal_ == goal::any ? cancel_reason::request : cancel_reason::sibling_failed,
               child.id());
    if (live_ != 0 || !waits_) return;
    waits_ = false;
    home().wake(*owner());
}

void branch_set::decide(branch& b, cancel_reason why, coroutine_id by) noexcept {
    first_ = &b;
    cancel(cancel_origin(why, at_, by));
}

void branch_set::cancel_given() noexcept {
    const cancel_origin origin = cancelled() ? this->origin() : reason_for(*owner()).origin();
    for (branch* b = given_; b != nullptr; b = b->next_given_)
        if (b->state_ == block_state::alive) cancel_block(*b->child_, origin);
}

std::exception_ptr branch_set::describe_cancelled(const control_block& child) const {
    return std::make_exception_ptr(
        child_cancelled(describe(child) + ", was " + child.extra->origin.text()));
}

std::exception_ptr branch::error() const {
    if (error_) return error_;
    return std::make_exception_ptr(
        child_cancelled("it was not begun: another one had ended before"));
}

void branch_set::throw_failure() const {
    if (failure_ == nullptr) return;
    block_extra& mine = extra_of(*owner());
    mine.error = failure_;
    mine.trace = trace_;
    remember_trace(failure_, trace_);
    std::rethrow_exception(failure_);
}

void branch_set::throw_cancelled() const {
    if (owner()->has(block_flag::cancel_pending)) raise_cancelled(*owner());
    throw child_cancelled("a coroutine that was awaited with others was cancelled");
}

}  // namespace weft::detail
