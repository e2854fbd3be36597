#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancelled.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/timer_wheel.hpp"

#include <cstdint>

/// The tree of cancel scopes: who is cancelled with whom.
namespace weft::detail {

/// A node of the tree. It lies in the frame or on the stack of the coroutine that entered it.
///
/// Rules:
/// 1. A block is in the list of the innermost node it is in. A node that a coroutine enters takes
///    its block over from the parent, and gives it back when it is left. Blocks that others spawn
///    into it are in its list as well.
/// 2. `cancelled` says that this node was; `marked`, that it or one it is in was, with no shield
///    between. A block's `cancel_pending` follows the mark of its node, and its own
///    `cancelled_self` unless a shield of its own is between.
/// 3. Cancelling marks the subtree and gives up the waits in it. It resumes nobody and changes no
///    link of the tree: who was waiting becomes ready.
/// 4. What is raised names the outermost cancelled node on the way up to a shield, so that an
///    exception unwinds as far as it has to (R9): a node absorbs what names it, and only that.
/// 5. One thread, the loop's.
class WEFT_EXPORT cancel_node {
public:
    enum class shielding : bool { none, shielded };

    /// The root of a loop.
    explicit cancel_node(scheduler& home) noexcept;
    /// `b` enters. REQUIRES: it runs.
    cancel_node(scheduler& home, control_block& b, shielding shield) noexcept;
    cancel_node(const cancel_node&) = delete;
    cancel_node& operator=(const cancel_node&) = delete;
    ~cancel_node();

    /// The owner leaves: afterwards its awaits answer to the parent again. Idempotent.
    void leave() noexcept;

    void cancel(const cancel_origin& origin) noexcept;
    /// The root, when nobody is in it: not cancelled any more.
    void renew() noexcept { cancelled_ = marked_ = false; }
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
    [[nodiscard]] const cancel_origin& origin() const noexcept { return origin_; }

    /// Cancels it at `when`; `clock::never` takes the deadline back.
    void set_deadline(clock::time_point when, place at) noexcept;
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_.deadline(); }
    /// Of a shield: when it is cancelled from outside, or was already, that is its deadline; `at`
    /// is where it was entered.
    void set_grace(clock::duration grace, place at) noexcept;

    /// Whether `c` was raised because of this node.
    [[nodiscard]] bool absorbs(const weft::cancelled& c) const noexcept {
        return c.scope() == serial_;
    }

    void add(control_block& b) noexcept {
        b.scope = this;
        b.scope_prev = nullptr;
        b.scope_next = blocks_;
        if (blocks_ != nullptr) blocks_->scope_prev = &b;
        blocks_ = &b;
        if (marked_ || b.has(block_flag::cancel_pending | block_flag::cancelled_self)) refresh(b);
    }
    static void remove(control_block& b) noexcept {
        if (b.scope_prev != nullptr)
            b.scope_prev->scope_next = b.scope_next;
        else
            b.scope->blocks_ = b.scope_next;
        if (b.scope_next != nullptr) b.scope_next->scope_prev = b.scope_prev;
    }

    [[nodiscard]] scheduler& home() const noexcept { return *home_; }
    [[nodiscard]] control_block* owner() const noexcept { return owner_; }
    /// Its owner was cancelled from outside when it entered.
    [[nodiscard]] bool has_marked_parent() const noexcept {
        return parent_ != nullptr &&
               (parent_->marked_ ||
                (parent_->owner_ != owner_ && owner_->has(block_flag::cancelled_self)));
    }

    /// Cancels one coroutine, as its handle does.
    static void cancel_block(control_block& b, const cancel_origin& origin);
    /// What an await in `b` has to raise.
    [[nodiscard]] static weft::cancelled reason_for(const control_block& b) noexcept;
    /// Cancels every node, shields too: when nothing else can end what is left.
    void cancel_everything(const cancel_origin& origin) noexcept;

private:
    struct deadline_timer : timer {
        explicit deadline_timer(cancel_node& n) noexcept;
        void preset(clock::time_point when) noexcept { deadline_ = when; }
        cancel_node& node;
        place at = nullptr;
    };

    void mark() noexcept;
    void mark_one() noexcept;
    void cancelled_outside() noexcept;
    void refresh(control_block& b) const noexcept;
    static void deliver(control_block& b) noexcept;
    [[nodiscard]] cancel_node* next_in_subtree(const cancel_node& root, bool into) noexcept;

    scheduler* home_;
    cancel_node* parent_ = nullptr;
    cancel_node* first_child_ = nullptr;
    cancel_node* prev_sibling_ = nullptr;
    cancel_node* next_sibling_ = nullptr;
    control_block* blocks_ = nullptr;
    control_block* owner_ = nullptr;
    std::uint64_t serial_;
    bool cancelled_ = false;
    bool marked_ = false;
    bool shielded_ = false;
    cancel_origin origin_;
    clock::duration grace_ = clock::duration::max();  ///< of a shield
    deadline_timer deadline_;
};

}  // namespace weft::detail
