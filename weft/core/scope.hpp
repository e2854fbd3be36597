#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/exception_group.hpp"
#include "weft/core/scope_children.hpp"
#include "weft/core/spawn.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

/// Scopes that coroutines are spawned into: none of them outlives its scope.
namespace weft {
namespace detail {

WEFT_EXPORT extern const wait_kind scope_join_kind;
WEFT_EXPORT extern const wait_kind scope_end_kind;

/// Waits until a scope has no children.
class scope_join_awaiter : public awaiter<scope_join_awaiter> {
public:
    explicit scope_join_awaiter(scope_children& of) noexcept : awaiter(scope_join_kind), of_(of) {}
    [[nodiscard]] bool try_now() const noexcept { return of_.live() == 0; }
    void start() noexcept {
        entry_.block = block;
        of_.add(entry_);
    }
    void finish() const noexcept {}
    void give_up() noexcept { of_.remove(entry_); }

private:
    scope_children& of_;
    scope_children::idle_waiter entry_;
};

/// The same at the end of a scope, where no cancellation interrupts it.
class scope_end_awaiter : public waiter {
public:
    explicit scope_end_awaiter(scope_children& of) noexcept : waiter(scope_end_kind), of_(of) {}
    [[nodiscard]] bool await_ready() const noexcept { return of_.live() == 0; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise>) noexcept {
        suspend_in(this_scheduler(), *this_scheduler().current());
    }
    void suspend_in(scheduler& home, control_block& b) noexcept {
        entry_.block = block = &b;
        home.waits(b, *this);
        of_.add(entry_);
    }
    void await_resume() const noexcept {}

private:
    scope_children& of_;
    scope_children::idle_waiter entry_;
};

class scope_policy;

}  // namespace detail

/// A scope as its body sees it. One thread, its loop's.
class WEFT_EXPORT scope {
public:
    /// Begins a coroutine in the scope, as `weft::spawn` does; the handle may be dropped.
    template <class T>
    join_handle<T> spawn(task<T>&& t, std::source_location at = std::source_location::current()) {
        return adopt(detail::spawn_task(node_.home(), node_, std::move(t), detail::place_of(at)));
    }
    template <class F>
        requires std::invocable<std::decay_t<F>&&>
    auto spawn(F&& fn, std::source_location at = std::source_location::current()) {
        return adopt(
            detail::spawn_call(node_.home(), node_, detail::place_of(at), std::forward<F>(fn)));
    }
    template <class F, class A>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&>
    auto spawn(F&& fn, A&& a, std::source_location at = std::source_location::current()) {
        return adopt(detail::spawn_call(node_.home(), node_, detail::place_of(at),
                                        std::forward<F>(fn), std::forward<A>(a)));
    }
    template <class F, class A, class B, class... More>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                                std::unwrap_ref_decay_t<B>&&, std::unwrap_ref_decay_t<More>&&...>
    auto spawn(F&& fn, A&& a, B&& b, More&&... more) {
        return adopt(detail::spawn_call(node_.home(), node_, nullptr, std::forward<F>(fn),
                                        std::forward<A>(a), std::forward<B>(b),
                                        std::forward<More>(more)...));
    }

    /// Cancels its body and its children. Idempotent.
    void cancel(std::source_location at = std::source_location::current()) noexcept;
    [[nodiscard]] bool cancelled() const noexcept { return node_.cancelled(); }
    /// Children that live.
    [[nodiscard]] std::size_t size() const noexcept { return node_.live(); }
    /// Awaited, returns when no child lives: what a body ends with whose locals the children use.
    [[nodiscard]] detail::scope_join_awaiter join() noexcept {
        return detail::scope_join_awaiter(node_);
    }

    // Used by `with_scope`.
    scope();
    [[nodiscard]] detail::scope_children& node() noexcept { return node_; }
    void body_ended(const std::exception_ptr& error) noexcept;
    [[nodiscard]] detail::scope_end_awaiter children_ended() noexcept {
        return detail::scope_end_awaiter(node_);
    }

private:
    template <class Handle>
    Handle adopt(Handle h) noexcept {
        node_.child_added(h.block());
        return h;
    }

    detail::scope_children node_;
};

namespace detail {

class WEFT_EXPORT scope_policy {
public:
    using scope = weft::scope;
    static constexpr bool joins = true;
    template <class R>
    using result = R;

    scope_policy() noexcept = default;
    [[nodiscard]] scope enter() const { return scope(); }

    template <class R>
    static R finish(scope& s, outcome<R>& out) {
        throw_errors(s);
        if (out.absorbed_by(s.node())) {
            if constexpr (std::is_void_v<R>)
                return;
            else
                throw_without_value(s);
        } else {
            // The body may have ended before; its children have not done what they were to do.
            if (!out.error()) throw_cut_short(s);
            return out.take();
        }
    }

private:
    static void throw_errors(scope& s);
    static void throw_cut_short(scope& s);
    [[noreturn]] static void throw_without_value(scope& s);
};

}  // namespace detail

/// Runs `body(scope, args...)`, waits for everything that was spawned into the scope, and gives
/// what the body gives. When the body or a child fails, the rest is cancelled and joined, and the
/// errors are thrown as an `exception_group`. After `scope.cancel()` it returns when all have
/// ended; a body that should have given something and was cancelled gives `child_cancelled`. A
/// cancellation from outside that has ended a child is raised, though the body has a result.
///
/// ```cpp
/// weft::task<> say(int n) { co_await weft::sleep(std::chrono::milliseconds(n)); }
/// weft::task<> three() {
///     co_await weft::with_scope([](weft::scope& s) {
///         for (int i = 1; i <= 3; ++i) s.spawn(say, i);
///     });  // all three have ended
/// }
/// ```
///
/// Children outlive the body: what they refer to must be outside of it, or the body ends with
/// `co_await s.join()`.
template <class Body, class... Args>
[[nodiscard]] auto with_scope(Body&& body, Args&&... args) {
    return detail::scoped_call(
        detail::scope_policy(),
        detail::body_of<scope>(std::forward<Body>(body), std::forward<Args>(args)...));
}

}  // namespace weft
