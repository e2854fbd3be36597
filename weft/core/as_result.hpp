#pragma once

#include "weft/base/result.hpp"
#include "weft/core/await.hpp"
#include "weft/core/task.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

/// Awaiting without exceptions.
namespace weft {
namespace detail {

/// One of our own awaiters, whose result is a `result`. `Awaiter` is it, or a reference to it.
template <class Awaiter>
class [[nodiscard]] result_awaiter : public awaiter_adapter {
    using type = std::remove_reference_t<Awaiter>;
    using value_type = decltype(std::declval<type&>().await_resume());

public:
    explicit result_awaiter(Awaiter& a) noexcept
        requires std::is_reference_v<Awaiter>
        : awaiter_(a) {}
    template <class Awaitable>
        requires(!std::is_reference_v<Awaiter>)
    explicit result_awaiter(std::in_place_t, Awaitable&& x)
        : awaiter_(std::forward<Awaitable>(x).operator co_await()) {}
    result_awaiter(const result_awaiter&) = delete;
    result_awaiter& operator=(const result_awaiter&) = delete;

    [[nodiscard]] bool await_ready() { return awaiter_.await_ready(); }
    template <class Promise>
    decltype(auto) await_suspend(std::coroutine_handle<Promise> h) {
        return awaiter_.await_suspend(h);
    }
    void suspend_in(scheduler& home, control_block& b) { awaiter_.suspend_in(home, b); }
    result<value_type> await_resume() {
        try {
            if constexpr (std::is_void_v<value_type>) {
                awaiter_.await_resume();
                return {};
            } else {
                return awaiter_.await_resume();
            }
        } catch (const std::exception&) {
            return std::current_exception();
        }
    }

private:
    Awaiter awaiter_;
};

/// The same of a task, or of anything else that is awaited.
template <class X>
class [[nodiscard]] result_call {
    using value_type = await_result<X>;
    // As in given_body: what does not move is a temporary that outlives the await.
    using kept =
        std::conditional_t<std::is_lvalue_reference_v<X> || !std::is_move_constructible_v<X>, X&&,
                           X>;

public:
    explicit result_call(X&& x) : x_(static_cast<X&&>(x)) {}

    task<result<value_type>> in_task() && { return run(static_cast<kept&&>(x_)); }
    result<value_type> in_fiber() && {
        try {
            if constexpr (std::is_void_v<value_type>) {
                await(static_cast<X&&>(x_));
                return {};
            } else {
                return await(static_cast<X&&>(x_));
            }
        } catch (const std::exception&) {
            return std::current_exception();
        }
    }

private:
    static task<result<value_type>> run(kept x) {
        std::exception_ptr error;
        try {
            if constexpr (std::is_void_v<value_type>) {
                co_await static_cast<X&&>(x);
                co_return result<void>();
            } else {
                co_return result<value_type>(co_await static_cast<X&&>(x));
            }
        } catch (const std::exception&) {
            error = std::current_exception();
        }
        co_return result<value_type>(std::move(error));
    }

    kept x_;
};

}  // namespace detail

/// Awaited, gives a `result` of what `x` gives: its value, or the error that `x` would throw, if
/// that is a `std::exception`. `cancelled` still passes: it is not an error, and not to be kept.
///
/// ```cpp
/// weft::task<std::size_t> bytes_of(weft::tcp_stream& peer) {
///     char bytes[512];
///     const weft::result<std::size_t> n =
///         co_await weft::as_result(peer.read_some(bytes, sizeof bytes));
///     co_return n ? *n : 0;  // n.error() says why
/// }
/// ```
///
/// Both kinds: `co_await as_result(x)`, `await(as_result(x))`, in the expression that makes `x`,
/// which is referred to. An operation costs nothing more by it, a task one more frame.
template <awaitable X>
[[nodiscard]] auto as_result(X&& x) {
    if constexpr (detail::native_awaiter<X>)
        return detail::result_awaiter<std::remove_reference_t<X>&>(x);
    else if constexpr (detail::native_awaitable<X>)
        return detail::result_awaiter<decltype(std::forward<X>(x).operator co_await())>(
            std::in_place, std::forward<X>(x));
    else
        return detail::result_call<X>(std::forward<X>(x));
}

}  // namespace weft
