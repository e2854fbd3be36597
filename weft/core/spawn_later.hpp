#pragma once

#include "weft/core/await.hpp"
#include "weft/core/spawn.hpp"

#include <chrono>
#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

/// Beginning coroutines later.
namespace weft {
namespace detail {

template <class R, class F, class... Args>
task<R> sleep_and_await(clock::duration d, F fn, Args... args) {
    co_await sleep(d);
    co_return co_await std::invoke(std::move(fn), std::forward<Args>(args)...);
}

template <class T>
task<T> sleep_and_await_task(clock::duration d, task<T> later) {
    try {
        co_await sleep(d);
    } catch (...) {
        task_access::discard(later);  // it was cancelled: nobody forgot to await it
        throw;
    }
    co_return co_await std::move(later);
}

/// One that was made already is not to be reported as dropped when it was cancelled meanwhile.
template <class T>
task<T> sleep_and_begin(clock::duration d, task<T> made) {
    try {
        co_await sleep(d);
    } catch (...) {
        task_access::release(made).handle().destroy();
        throw;
    }
    co_return co_await std::move(made);
}

}  // namespace detail

/// As `spawn`, but the coroutine begins when `d` has passed; cancelled before, it never does.
///
/// ```cpp
/// weft::task<> remind() {
///     auto h = weft::spawn_later(std::chrono::seconds(30), [] { return 1; });
///     (void)co_await h;
/// }
/// ```
template <class Rep, class Period, class F, class... Args>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<Args>&&...>
[[nodiscard("keep the handle, or detach() it")]] auto spawn_later(
    std::chrono::duration<Rep, Period> d, F&& fn, Args&&... args) {
    using returned = detail::spawned_call<F, Args...>;
    const clock::duration wait = detail::to_nanoseconds(d);
    if constexpr (awaitable<returned>) {
        using result = await_result<returned>;
        return spawn(
            detail::sleep_and_await<result, std::decay_t<F>, std::unwrap_ref_decay_t<Args>...>(
                wait, std::forward<F>(fn), std::forward<Args>(args)...));
    } else {
        return spawn(
            [wait](std::decay_t<F> f, std::unwrap_ref_decay_t<Args>... as) -> returned {
                await(sleep(wait));
                return std::invoke(std::move(f),
                                   std::forward<std::unwrap_ref_decay_t<Args>>(as)...);
            },
            std::forward<F>(fn), std::forward<Args>(args)...);
    }
}
/// The same with a task that was made already.
template <class Rep, class Period, class T>
[[nodiscard("keep the handle, or detach() it")]] join_handle<T> spawn_later(
    std::chrono::duration<Rep, Period> d, task<T>&& t) {
    return spawn(detail::sleep_and_await_task<T>(detail::to_nanoseconds(d), std::move(t)));
}

}  // namespace weft
