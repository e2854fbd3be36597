#include "weft/core/cancel_node.hpp"

#include "weft/base/check.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/scheduler.hpp"

#include <utility>

namespace weft::detail {
namespace {

constexpr std::uint64_t no_scope = 0;

std::uint64_t next_serial() noexcept {
    static constinit thread_local std::uint64_t last = no_scope;
    return ++last;
}

}  // namespace

cancel_node::deadline_timer::deadline_timer(cancel_node& n) noexcept
    : timer([]() -> const wait_kind& {
          static constexpr wait_kind of_deadline{
              "deadline", nullptr, [](waiter& w) noexcept {
                  auto& self = static_cast<deadline_timer&>(w);
                  self.node.cancel(cancel_origin(cancel_reason::deadline, self.at, 0));
              }};
          return of_deadline;
      }()),
      node(n) {
    deadline_ = clock::never;
}

cancel_node::cancel_node(scheduler& home) noexcept
    : home_(&home), serial_(next_serial()), deadline_(*this) {}

cancel_node::cancel_node(scheduler& home, control_block& b, shielding shield) noexcept
    : home_(&home),
      parent_(b.scope),
      owner_(&b),
      serial_(next_serial()),
      shielded_(shield == shielding::shielded),
      deadline_(*this) {
    next_sibling_ = parent_->first_child_;
    if (next_sibling_ != nullptr) next_sibling_->prev_sibling_ = this;
    parent_->first_child_ = this;
    marked_ = !shielded_ && b.has(block_flag::cancel_pending);
    remove(b);
    add(b);
}

cancel_node::~cancel_node() {
    leave();
}

void cancel_node::leave() noexcept {
    home_->timers().cancel(deadline_);
    if (parent_ == nullptr) return;
    WEFT_CHECK(first_child_ == nullptr, "scopes are left in the order opposite to their entering");
    if (prev_sibling_ != nullptr)
        prev_sibling_->next_sibling_ = next_sibling_;
    else
        parent_->first_child_ = next_sibling_;
    if (next_sibling_ != nullptr) next_sibling_->prev_sibling_ = prev_sibling_;
    cancel_node* const to = std::exchange(parent_, nullptr);
    remove(*owner_);
    to->add(*owner_);
    // Coroutines of other libraries are in it for the time of an await, and nobody joins them.
    while (blocks_ != nullptr && blocks_->kind == block_kind::foreign) {
        control_block& b = *blocks_;
        remove(b);
        to->add(b);
    }
    WEFT_CHECK(blocks_ == nullptr, "a scope was left while coroutines are in it");
}

void cancel_node::refresh(control_block& b) const noexcept {
    const bool by_itself = owner_ != &b && b.has(block_flag::cancelled_self);
    if (marked_ || by_itself)
        b.flags |= block_flag::cancel_pending;
    else
        b.flags &= static_cast<std::uint8_t>(~block_flag::cancel_pending);
}

void cancel_node::deliver(control_block& b) noexcept {
    b.flags |= block_flag::cancel_pending;
    if (b.wait != nullptr && b.wait->kind->cancel != nullptr) b.wait->kind->cancel(*b.wait);
}

void cancel_node::cancel(const cancel_origin& origin) noexcept {
    if (cancelled_) return;
    cancelled_ = true;
    origin_ = origin;
    mark();
}

void cancel_node::mark_one() noexcept {
    marked_ = true;
    for (control_block* b = blocks_; b != nullptr; b = b->scope_next) deliver(*b);
}

void cancel_node::mark() noexcept {
    bool into = !marked_;
    if (into) mark_one();
    for (cancel_node* n = next_in_subtree(*this, into); n != nullptr;
         n = n->next_in_subtree(*this, into)) {
        into = !n->shielded_ && !n->marked_;
        if (into) n->mark_one();
        if (n->shielded_) n->cancelled_outside();
    }
}

/// Its shield holds, but not without end.
void cancel_node::cancelled_outside() noexcept {
    if (deadline() != clock::never) return;
    set_deadline(saturating_add(home_->world().now(), grace_), deadline_.at);
}

/// The next one in the subtree of `root`, into the children of this one or past them.
cancel_node* cancel_node::next_in_subtree(const cancel_node& root, bool into) noexcept {
    if (into && first_child_ != nullptr) return first_child_;
    cancel_node* n = this;
    while (n != &root && n->next_sibling_ == nullptr) n = n->parent_;
    return n == &root ? nullptr : n->next_sibling_;
}

void cancel_node::cancel_everything(const cancel_origin& origin) noexcept {
    for (cancel_node* n = this; n != nullptr; n = n->next_in_subtree(*this, true))
        n->cancel(origin);
}

void cancel_node::cancel_block(control_block& b, const cancel_origin& origin) {
    if (b.ended() || b.has(block_flag::cancelled_self)) return;
    extra_of(b).origin = origin;
    b.flags |= block_flag::cancelled_self;
    cancel_node* n = b.scope;
    if (n->owner_ != &b) return deliver(b);
    while (n->parent_->owner_ == &b) n = n->parent_;
    if (n->shielded_)
        n->cancelled_outside();
    else
        n->mark();
}

weft::cancelled cancel_node::reason_for(const control_block& b) noexcept {
    const cancel_node* found = nullptr;
    bool by_itself = false;
    for (const cancel_node* n = b.scope; n != nullptr; n = n->parent_) {
        if (n->owner_ != &b && b.has(block_flag::cancelled_self) && !by_itself) {
            by_itself = true;
            found = nullptr;
        }
        if (n->cancelled_) found = n;
        if (n->shielded_) break;
    }
    if (found != nullptr) return weft::cancelled(found->serial_, found->origin_);
    return weft::cancelled(no_scope, b.extra != nullptr ? b.extra->origin : cancel_origin());
}

void cancel_node::set_grace(clock::duration grace, place at) noexcept {
    grace_ = grace;
    deadline_.at = at;
    if (has_marked_parent()) cancelled_outside();
}

void cancel_node::set_deadline(clock::time_point when, place at) noexcept {
    deadline_.at = at;
    home_->timers().cancel(deadline_);
    deadline_.preset(when);
    if (when != clock::never && !cancelled_) home_->timers().start(deadline_, when);
}

}  // namespace weft::detail
