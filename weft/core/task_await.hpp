#pragma once

#include "weft/base/error.hpp"
#include "weft/core/foreign.hpp"
#include "weft/core/task.hpp"
#include "weft/core/waiter.hpp"

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

/// What `co_await x` does in a task, by the kind of `x`. Included by task.hpp.
namespace weft {
namespace detail {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

/// What stands for one of our own awaiters, with all its members.
class awaiter_adapter {};
/// Our own awaiters.
template <class T>
concept native_awaiter = (std::derived_from<std::remove_cvref_t<T>, waiter> &&
                          !std::derived_from<std::remove_cvref_t<T>, foreign_wait>) ||
                         std::derived_from<std::remove_cvref_t<T>, awaiter_adapter>;
/// What gives one of them.
template <class T>
concept native_awaitable = requires(T&& x) {
    { static_cast<T&&>(x).operator co_await() } -> native_awaiter;
};
/// What runs as a task in a task, and as a call in a fiber: `with_timeout` and its relatives.
template <class T>
concept dual_call = requires(T&& x) { static_cast<T&&>(x).in_task(); };

template <class T>
concept has_member_await = requires(T&& x) { static_cast<T&&>(x).operator co_await(); };
template <class T>
concept has_free_await = requires(T&& x) { operator co_await(static_cast<T&&>(x)); };
template <class T>
concept is_awaiter = requires(T& x) {
    { x.await_ready() } -> std::convertible_to<bool>;
    x.await_resume();
};

/// A nested task, begun by the await. `Task` is a task, or a reference to one.
template <class T, class Task>
class child_awaiter {
public:
    explicit child_awaiter(Task&& child) : child_(std::forward<Task>(child)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) {
        task_promise<T>& child = task_access::release(child_);
        if constexpr (!std::is_void_v<T>) child.result = &result_;
        return child.begin(parent.promise());
    }
    T await_resume() {
        control_block& b = *this_scheduler().current();
        if (b.has(block_flag::child_failed)) [[unlikely]]
            rethrow_child(b);
        if constexpr (!std::is_void_v<T>) return static_cast<T&&>(result_.get());
    }

private:
    Task child_;
    [[no_unique_address]] task_result<T> result_;
};

/// An awaiter that lies where the expression has put it. (g++ 12 copies one that `await_transform`
/// returns a reference to.)
template <class Awaiter>
class awaiter_ref {
public:
    explicit awaiter_ref(Awaiter& a) noexcept : awaiter_(a) {}
    [[nodiscard]] bool await_ready() const { return awaiter_.await_ready(); }
    template <class Promise>
    decltype(auto) await_suspend(std::coroutine_handle<Promise> h) const {
        return awaiter_.await_suspend(h);
    }
    decltype(auto) await_resume() const { return awaiter_.await_resume(); }

private:
    Awaiter& awaiter_;
};

template <class Awaitable>
decltype(auto) awaiter_in_task(Awaitable&& x) {
    using type = std::remove_cvref_t<Awaitable>;
    if constexpr (is_task<type>) {
        static_assert(!std::is_lvalue_reference_v<Awaitable>,
                      "a task is awaited once: co_await std::move(t)");
        return child_awaiter<typename type::value_type, type&>(x);
    } else if constexpr (dual_call<Awaitable>) {
        using child = decltype(std::forward<Awaitable>(x).in_task());
        return child_awaiter<typename child::value_type, child>(
            std::forward<Awaitable>(x).in_task());
    } else if constexpr (native_awaiter<Awaitable>) {
        return awaiter_ref<type>(x);
    } else if constexpr (native_awaitable<Awaitable>) {
        return std::forward<Awaitable>(x).operator co_await();
    } else {
        static_assert(has_member_await<Awaitable> || has_free_await<Awaitable> ||
                          is_awaiter<Awaitable>,
                      "this cannot be awaited");
        return foreign_awaiter<Awaitable&&>(std::forward<Awaitable>(x));
    }
}

}  // namespace detail

/// What `co_await` and `await` take.
template <class T>
concept awaitable =
    detail::is_task<std::remove_cvref_t<T>> || detail::dual_call<T> || detail::native_awaiter<T> ||
    detail::has_member_await<T> || detail::has_free_await<T> || detail::is_awaiter<T>;

namespace detail {

template <class T>
struct await_result_of {
    using type = decltype(awaiter_of(std::declval<T>()).await_resume());
};
template <class T>
    requires is_task<std::remove_cvref_t<T>>
struct await_result_of<T> {
    using type = typename std::remove_cvref_t<T>::value_type;
};
template <dual_call T>
struct await_result_of<T> {
    using type = typename decltype(std::declval<T>().in_task())::value_type;
};

}  // namespace detail

/// What awaiting a `T` gives.
template <awaitable T>
using await_result = typename detail::await_result_of<T>::type;

}  // namespace weft
