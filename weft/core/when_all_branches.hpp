#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/task.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <utility>
#include <vector>

/// What `when_all` and `when_any` have in common: coroutines that are awaited together.
namespace weft::detail {

class branch_set;

/// One of them: a task that the set begins, or a coroutine that somebody has spawned and given the
/// handle of. It lies in the frame that awaits, or in an array of it.
class WEFT_EXPORT branch : public join_waiter {
public:
    branch() noexcept : join_waiter(join_kind) { ended = &note_end; }

    [[nodiscard]] bool returned() const noexcept { return state_ == block_state::returned; }
    /// Of one that has not returned: what it failed by, or a `child_cancelled`.
    [[nodiscard]] std::exception_ptr error() const;

private:
    friend class branch_set;
    static void note_end(join_waiter& w) noexcept;

    branch_set* set_ = nullptr;
    control_block* child_ = nullptr;  // while it lives; of one that was given, until the end
    branch* next_given_ = nullptr;
    block_state state_ = block_state::alive;
    std::exception_ptr error_;
};

/// The set, and the scope that its own tasks run in: the innermost one of who awaits, so that
/// cancelling who awaits cancels them.
///
/// Rules:
/// 1. Its own tasks are begun by `begin`, at once where that is possible: one that never suspends
///    costs neither a block nor a way through the ready queue.
/// 2. What was given runs elsewhere and has scopes of its own: it is cancelled one by one
///    (`cancel_given`), when the set is and when who awaits is.
/// 3. The wait for the end of all cannot be given up. Nobody is left behind.
class WEFT_EXPORT branch_set : public cancel_node {
public:
    enum class goal : bool {
        all,  ///< the first that fails decides, and cancels the others
        any,  ///< the first that ends does
    };

    branch_set(scheduler& home, control_block& owner, goal g, place at) noexcept
        : cancel_node(home, owner, shielding::none), goal_(g), at_(at) {}
    branch_set(const branch_set&) = delete;
    branch_set& operator=(const branch_set&) = delete;

    /// Takes the frame over.
    void begin(branch& b, task_frame& frame);
    void watch(branch& b, control_block& child);
    /// One could not be begun. To be called in the handler.
    void failed_to_begin() noexcept;
    /// No more will be begun.
    void begun() noexcept;

    /// The others need not begin.
    [[nodiscard]] bool decided() const noexcept { return owner()->has(block_flag::cancel_pending); }
    [[nodiscard]] std::size_t live() const noexcept { return live_; }
    /// The one that has decided; null for none.
    [[nodiscard]] const branch* first() const noexcept { return first_; }
    void cancel_given() noexcept;

    /// When all have ended and the owner has left: throws what has decided for a failure.
    void throw_failure() const;
    /// There is no result, and nothing has failed.
    [[noreturn]] void throw_cancelled() const;

private:
    friend class branch;
    friend class branches_end_awaiter;

    void note_end(branch& b, control_block& child) noexcept;
    void decide(branch& b, cancel_reason why, coroutine_id by) noexcept;
    [[nodiscard]] control_block& new_block(task_frame& frame);
    [[nodiscard]] std::exception_ptr describe_cancelled(const control_block& child) const;

    const goal goal_;
    const place at_;
    bool waits_ = false;  // the owner, for the last one
    std::size_t live_ = 0;
    control_block* spare_ = nullptr;  // of a task that never suspended, for the next
    branch* first_ = nullptr;
    branch* given_ = nullptr;
    std::exception_ptr failure_;
    std::vector<place> trace_;  // of the failure
};

WEFT_EXPORT extern const wait_kind branches_kind;
WEFT_EXPORT extern const wait_kind turn_kind;

/// Waits until all branches have ended.
class branches_end_awaiter : public waiter {
public:
    explicit branches_end_awaiter(branch_set& of) noexcept : waiter(branches_kind), set(of) {}
    [[nodiscard]] bool await_ready() const noexcept {
        if (set.decided()) set.cancel_given();
        return set.live_ == 0;
    }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise>) noexcept {
        suspend_in(this_scheduler(), *this_scheduler().current());
    }
    void suspend_in(scheduler& home, control_block& b) noexcept {
        block = &b;
        set.waits_ = true;
        home.waits(b, *this);
    }
    void await_resume() const noexcept {}

    branch_set& set;
};

/// To the end of the ready queue, cancelled or not.
class turn_awaiter : public waiter {
public:
    turn_awaiter() noexcept : waiter(turn_kind) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise>) const noexcept {
        this_scheduler().push(*this_scheduler().current());
    }
    void suspend_in(scheduler& home, control_block& b) const noexcept { home.push(b); }
    void await_resume() const noexcept {}
};

/// Raises `cancelled` in who is, as any await does.
class checkpoint_awaiter : public awaiter<checkpoint_awaiter> {
public:
    checkpoint_awaiter() noexcept : awaiter(turn_kind) {}
    [[nodiscard]] bool try_now() const noexcept { return true; }
    void start() const noexcept {}
    void finish() const noexcept {}
};

template <class Given>
class branch_of;

/// Of a task, whose result goes straight here.
template <class T>
class branch_of<task<T>> : public branch {
public:
    using value_type = T;
    void begin(branch_set& set, task<T>& t) {
        task_promise<T>& frame = task_access::release(t);
        if constexpr (!std::is_void_v<T>) frame.result = &result_;
        set.begin(*this, frame);
    }
    T take() {
        if constexpr (!std::is_void_v<T>) return static_cast<T&&>(result_.get());
    }

private:
    [[no_unique_address]] task_result<T> result_;
};

/// Of a coroutine that others may join as well.
template <class T>
class branch_of<join_handle<T>> : public branch {
public:
    using value_type = T;
    void begin(branch_set& set, join_handle<T>& h) {
        handle_ = std::move(h);
        set.watch(*this, handle_.block());
    }
    T take() { return std::move(handle_).operator co_await().finish(); }

private:
    join_handle<T> handle_;
};

inline void discard_unbegun(any_handle&) noexcept {}
template <class T>
void discard_unbegun(task<T>& t) noexcept {
    task_access::discard(t);
}

}  // namespace weft::detail
