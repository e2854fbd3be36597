#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/join_waiter.hpp"
#include "weft/core/waiter.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <vector>

/// The coroutines of a scope: how many live, and what they failed by.
namespace weft::detail {

/// A node that others are spawned into. Rules:
/// 1. A child that fails cancels the scope. Its error is kept, and given by the scope alone: it is
///    not reported as one that nobody joined.
/// 2. The end of the scope waits for all of them, whatever happens; that wait cannot be cancelled,
///    but then the children are.
class WEFT_EXPORT scope_children : public cancel_node {
public:
    scope_children(scheduler& home, control_block& owner) noexcept
        : cancel_node(home, owner, shielding::none) {}

    [[nodiscard]] static scope_children& of(cancel_node& n) noexcept {
        return static_cast<scope_children&>(n);
    }

    /// A child is about to begin.
    void child_added(control_block& b) noexcept {
        b.flags |= block_flag::in_scope;
        ++live_;
    }
    void child_ended(control_block& b) noexcept;
    void fail(std::exception_ptr error, coroutine_id by) noexcept;

    [[nodiscard]] std::size_t live() const noexcept { return live_; }
    /// A child was ended by a cancellation that came from outside of the scope.
    [[nodiscard]] bool cut_short() const noexcept { return cut_short_; }
    [[nodiscard]] std::vector<std::exception_ptr>& errors() noexcept { return errors_; }

    /// Who waits for the last child; linked by its owner.
    struct idle_waiter {
        control_block* block = nullptr;
        idle_waiter* next = nullptr;
    };
    void add(idle_waiter& w) noexcept;
    void remove(idle_waiter& w) noexcept;
    using cancel_node::add;
    using cancel_node::remove;

private:
    std::size_t live_ = 0;
    bool cut_short_ = false;
    std::vector<std::exception_ptr> errors_;
    idle_waiter* waiters_ = nullptr;
};

}  // namespace weft::detail
