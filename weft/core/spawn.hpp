#pragma once

#include "weft/base/export.hpp"
#include "weft/core/fiber_body.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/task.hpp"

#include <concepts>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

/// Beginning coroutines.
namespace weft {
namespace detail {

/// What `fn(args...)` gives when both are kept as copies.
template <class F, class... Args>
using spawned_call = std::invoke_result_t<std::decay_t<F>, std::unwrap_ref_decay_t<Args>...>;

/// A callable that makes something awaitable begins a task, any other a fiber.
template <class R>
struct spawned_type {
    using type = R;
};
template <awaitable R>
struct spawned_type<R> {
    using type = await_result<R>;
};
template <class R>
using spawned_result = std::remove_cv_t<typename spawned_type<R>::type>;

/// Keeps the callable and the arguments for as long as the task that they make.
template <class R, class F, class... Args>
task<R> keep_and_await(F fn, Args... args) {
    co_return co_await std::invoke(std::move(fn), std::forward<Args>(args)...);
}

template <class T>
[[nodiscard]] join_handle<T> spawn_task(scheduler& home, cancel_node& in, task<T>&& t, place at) {
    task_promise<T>& frame = task_access::release(t);
    control_block* begun = nullptr;
    try {
        begun = &home.add(block_kind::task, in, at);
    } catch (...) {
        frame.handle().destroy();
        throw;
    }
    control_block& b = *begun;
    b.leaf = frame.handle();
    home.push(b);
    return join_handle<T>(b);
}

template <class F, class... Args>
[[nodiscard]] auto spawn_call(scheduler& home, cancel_node& in, place at, F&& fn, Args&&... args) {
    using returned = spawned_call<F, Args...>;
    using result = spawned_result<returned>;
    if constexpr (!awaitable<returned>) {
        return join_handle<result>(
            make_fiber<result>(home, in, at, std::forward<F>(fn), std::forward<Args>(args)...));
    } else if constexpr (sizeof...(Args) == 0 && is_task<returned> &&
                         (std::is_empty_v<std::decay_t<F>> || std::is_pointer_v<std::decay_t<F>>)) {
        return spawn_task(home, in, std::invoke(std::forward<F>(fn)), at);
    } else {
        return spawn_task(home, in,
                          keep_and_await<result, std::decay_t<F>, std::unwrap_ref_decay_t<Args>...>(
                              std::forward<F>(fn), std::forward<Args>(args)...),
                          at);
    }
}

/// The scope that `spawn` begins in: the loop's, so that it outlives whoever calls.
[[nodiscard]] inline scheduler& home_for_spawn() {
    return scheduler_for("spawn()");
}

}  // namespace detail

/// Begins a coroutine on this thread's loop; it runs when the caller waits. Needs a running loop
/// (`usage_error`), and throws `std::bad_alloc` or, for a stack, `std::system_error`.
///
/// ```cpp
/// weft::task<int> fetch(std::string from) { co_return static_cast<int>(from.size()); }
/// weft::task<> both() {
///     auto a = weft::spawn(fetch("a"));                  // a task
///     auto b = weft::spawn(fetch, std::string("b"));     // the same, with copies kept
///     auto c = weft::spawn([] { return weft::await(fetch("c")); });  // a fiber
///     const int sum = co_await a + co_await b;
///     (void)(sum + co_await c);
/// }
/// ```
///
/// The result type of a callable decides: an awaitable means a task, anything else a fiber. The
/// callable and its arguments are copied or moved, and live as long as the coroutine (`std::ref`
/// where a reference is meant).
template <class T>
[[nodiscard("keep the handle, or detach() it")]] join_handle<T> spawn(
    task<T>&& t, std::source_location at = std::source_location::current()) {
    detail::scheduler& home = detail::home_for_spawn();
    return detail::spawn_task(home, home.root(), std::move(t), detail::place_of(at));
}
template <class F>
    requires std::invocable<std::decay_t<F>&&>
[[nodiscard("keep the handle, or detach() it")]] auto spawn(
    F&& fn, std::source_location at = std::source_location::current()) {
    detail::scheduler& home = detail::home_for_spawn();
    return detail::spawn_call(home, home.root(), detail::place_of(at), std::forward<F>(fn));
}
template <class F, class A>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&>
[[nodiscard("keep the handle, or detach() it")]] auto spawn(
    F&& fn, A&& a, std::source_location at = std::source_location::current()) {
    detail::scheduler& home = detail::home_for_spawn();
    return detail::spawn_call(home, home.root(), detail::place_of(at), std::forward<F>(fn),
                              std::forward<A>(a));
}
template <class F, class A, class B>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                            std::unwrap_ref_decay_t<B>&&>
[[nodiscard("keep the handle, or detach() it")]] auto spawn(
    F&& fn, A&& a, B&& b, std::source_location at = std::source_location::current()) {
    detail::scheduler& home = detail::home_for_spawn();
    return detail::spawn_call(home, home.root(), detail::place_of(at), std::forward<F>(fn),
                              std::forward<A>(a), std::forward<B>(b));
}
/// With more arguments the place of the call is not known.
template <class F, class A, class B, class C, class... More>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                            std::unwrap_ref_decay_t<B>&&, std::unwrap_ref_decay_t<C>&&,
                            std::unwrap_ref_decay_t<More>&&...>
[[nodiscard("keep the handle, or detach() it")]] auto spawn(F&& fn, A&& a, B&& b, C&& c,
                                                            More&&... more) {
    detail::scheduler& home = detail::home_for_spawn();
    return detail::spawn_call(home, home.root(), nullptr, std::forward<F>(fn), std::forward<A>(a),
                              std::forward<B>(b), std::forward<C>(c), std::forward<More>(more)...);
}

template <class T>
auto task<T>::operator co_await() && {
    return spawn(std::move(*this)).operator co_await();
}

}  // namespace weft
