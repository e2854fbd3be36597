#include "weft/core/scope.hpp"

#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"

#include <utility>

namespace weft {

scope::scope()
    : node_(detail::scheduler_for("with_scope()"), *detail::this_scheduler().current()) {}

void scope::cancel(std::source_location at) noexcept {
    node_.cancel(detail::origin_here(cancel_reason::request, at));
}

void scope::body_ended(const std::exception_ptr& error) noexcept {
    if (!error) return;
    try {
        std::rethrow_exception(error);
    } catch (const weft::cancelled&) {
        // Its own, or one from outside, which the children get too.
    } catch (...) {
        node_.fail(error, node_.owner()->id());
    }
}

namespace detail {

void scope_children::fail(std::exception_ptr error, coroutine_id by) noexcept {
    errors_.push_back(std::move(error));
    cancel(cancel_origin(cancel_reason::sibling_failed, nullptr, by));
}

void scope_children::child_ended(control_block& b) noexcept {
    --live_;
    if (b.state == block_state::failed) {
        b.flags |= block_flag::observed;
        fail(b.extra->error, b.id());
    } else if (b.state == block_state::cancelled && has_marked_parent()) {
        cut_short_ = true;
    }
    if (live_ != 0) return;
    for (idle_waiter* w = std::exchange(waiters_, nullptr); w != nullptr;) {
        idle_waiter* const next = w->next;
        this_scheduler().wake(*w->block);
        w = next;
    }
}

void scope_children::add(idle_waiter& w) noexcept {
    w.next = waiters_;
    waiters_ = &w;
}

void scope_children::remove(idle_waiter& w) noexcept {
    idle_waiter** at = &waiters_;
    while (*at != nullptr && *at != &w) at = &(*at)->next;
    if (*at == &w) *at = w.next;
}

const wait_kind scope_join_kind{
    "the children of a scope",
    [](waiter& w) noexcept {
        static_cast<scope_join_awaiter&>(w).give_up();
        this_scheduler().abandon(*w.block);
    },
};
const wait_kind scope_end_kind{"the end of a scope", nullptr};

void scope_policy::throw_errors(scope& s) {
    if (!s.node().errors().empty()) throw exception_group(std::move(s.node().errors()));
}

void scope_policy::throw_cut_short(scope& s) {
    control_block& b = *s.node().owner();
    if (s.node().cut_short() && b.has(block_flag::cancel_pending)) raise_cancelled(b);
}

void scope_policy::throw_without_value(scope& s) {
    throw child_cancelled("the scope was cancelled before its body had a result: " +
                          s.node().origin().text());
}

}  // namespace detail
}  // namespace weft
