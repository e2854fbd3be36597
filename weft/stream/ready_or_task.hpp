#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/task.hpp"

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

/// Awaiting what is mostly there already, and takes a task when it is not.
namespace weft::detail {

WEFT_EXPORT extern const wait_kind task_kind;

/// The part for coroutines of other libraries: those wait for a spawned task.
class WEFT_EXPORT task_waiter : public waiter {
public:
    task_waiter() noexcept : waiter(task_kind) {}
    /// The cancellation goes on to the task, whose end wakes.
    void cancel() noexcept;

protected:
    ~task_waiter() = default;
    void wait_for_end_of(any_handle h);

    struct linked_handle : any_handle {
        using any_handle::add_link;
    };
    linked_handle spawned_;
};

/// The base of such awaitables: what is there costs no coroutine frame. `Derived` has
///
/// - `bool try_now()`: takes it, if it is there, and calls `set`;
/// - `task<T> otherwise()`: waits for it.
template <class Derived, class T>
class ready_or_task : public awaiter<ready_or_task<Derived, T>, task_waiter> {
    using base = awaiter<ready_or_task<Derived, T>, task_waiter>;

public:
    [[nodiscard]] bool try_now() {
        there_ = self().try_take();
        return there_;
    }

    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) {
        if constexpr (std::derived_from<Promise, await_link>) {
            scheduler& home = this_scheduler();
            if (gives_way(*home.current())) [[unlikely]]
                base::suspend_in(home, *home.current());
            else
                return make().begin(h.promise());
        } else {
            base::await_suspend(h);
        }
        return std::noop_coroutine();
    }

    /// The suspension of a fiber, for which the task runs on the loop's stack.
    void suspend_in(scheduler& home, control_block& b) {
        if (gives_way(b)) [[unlikely]] {
            base::suspend_in(home, b);
            return;
        }
        task_frame& child = make();
        child.awaiter = &await_link::of(b.leaf);
        b.leaf = child.handle();
        home.push_next(b);
    }

    /// For a coroutine of another library.
    void start() noexcept { this->wait_for_end_of(spawn(self().otherwise())); }

    T finish() {
        if (this->spawned_) [[unlikely]] {
            const join_handle<T> ended(this->spawned_.block());
            if constexpr (std::is_void_v<T>)
                return ended.value();
            else
                return static_cast<T&&>(ended.value());
        }
        if (!there_) {
            control_block& b = *this_scheduler().current();
            if (b.has(block_flag::child_failed)) [[unlikely]]
                rethrow_child(b);
        }
        if constexpr (!std::is_void_v<T>) return static_cast<T&&>(result_.get());
    }

protected:
    ready_or_task() noexcept = default;
    ~ready_or_task() = default;
    template <class U>
    void set(U&& value) {
        result_.set(std::forward<U>(value));
    }

private:
    [[nodiscard]] Derived& self() noexcept { return static_cast<Derived&>(*this); }
    /// It is there but the budget is spent, or it is cancelled.
    [[nodiscard]] static bool gives_way(const control_block& b) noexcept {
        return b.has(block_flag::taken | block_flag::cancel_pending);
    }
    [[nodiscard]] task_promise<T>& make() {
        task<T> child = self().otherwise();
        task_promise<T>& frame = task_access::release(child);
        if constexpr (!std::is_void_v<T>) frame.result = &result_;
        return frame;
    }

    [[no_unique_address]] task_result<T> result_;
    bool there_ = false;
};

}  // namespace weft::detail
