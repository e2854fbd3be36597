#pragma once

#include "weft/base/error.hpp"
#include "weft/core/async_generator_frame.hpp"
#include "weft/core/generator_exchange.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/task.hpp"
#include "weft/core/yielded.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

/// Generators that wait. The class comment below is the tutorial.
namespace weft {

template <class Yield>
class async_generator;

namespace detail {

template <class Yield>
class async_generator_promise final : public async_generator_frame {
    using types = yield_types<Yield>;
    using reference = typename types::reference;
    using value = typename types::value;

    class copy_awaiter : public yield_awaiter {
    public:
        copy_awaiter(async_generator_promise& of, const value& x) : yield_awaiter(of), copy_(x) {}
        /// It lies where it will stay only now.
        void await_suspend(std::coroutine_handle<async_generator_promise> h) noexcept {
            h.promise().out_ = address_of(copy_);
            yield_awaiter::await_suspend(h);
        }

    private:
        value copy_;
    };

public:
    explicit async_generator_promise(
        birthplace made = birthplace(__builtin_source_location())) noexcept
        : async_generator_frame(made.at()) {}

    [[nodiscard]] async_generator<Yield> get_return_object() noexcept {
        return async_generator<Yield>(*this);
    }
    [[nodiscard]] yield_awaiter yield_value(std::type_identity_t<reference> x,
                                            place where = __builtin_source_location()) noexcept {
        return yielded_at(address_of(x), where);
    }
    /// An lvalue where rvalues are handed out: a copy, which the receiver may keep.
    [[nodiscard]] copy_awaiter yield_value(const value& x,
                                           place where = __builtin_source_location())
        requires(std::is_rvalue_reference_v<reference> && std::copy_constructible<value>)
    {
        this->at = where;
        return copy_awaiter(*this, x);
    }
};

/// `next()` and `throw_()`.
template <class Yield>
class next_awaiter : public drive_awaiter {
public:
    using drive_awaiter::drive_awaiter;
    yielded<Yield> await_resume() {
        using object = typename yielded<Yield>::object;
        return yielded<Yield>(static_cast<object*>(resumed()));
    }
    /// For coroutines of other libraries.
    [[nodiscard]] auto operator co_await() && {
        const how mode = error_ != nullptr ? how::raise : how::next;
        return as_task(generator_, mode, error_).operator co_await();
    }

private:
    static task<yielded<Yield>> as_task(async_generator_handle& g, how mode,
                                        std::exception_ptr error) {
        co_return co_await next_awaiter(g, mode, std::move(error));
    }
};

class close_awaiter : public drive_awaiter {
public:
    explicit close_awaiter(async_generator_handle& of)
        : drive_awaiter(of, how::close, std::make_exception_ptr(generator_exit())) {}
    void await_resume() { static_cast<void>(resumed()); }
    [[nodiscard]] auto operator co_await() && { return as_task(generator_).operator co_await(); }

private:
    static task<> as_task(async_generator_handle& g) { co_await close_awaiter(g); }
};

}  // namespace detail

/// A generator whose body may wait: it `co_await`s what a task does, and `co_yield`s values to
/// whoever awaits `next()`, a task or a fiber.
///
/// ```cpp
/// weft::async_generator<int> ticks(int count) {
///     for (int i = 0; i < count; ++i) {
///         co_await weft::sleep(std::chrono::milliseconds(10));
///         co_yield i;
///     }
/// }
/// weft::task<> in_task() {
///     auto numbers = ticks(3);
///     while (auto n = co_await numbers.next()) std::cout << *n << '\n';
/// }
/// void in_fiber() {
///     for (const int n : weft::each(ticks(3))) std::cout << n << '\n';
/// }
/// ```
///
/// 1. Calling it runs nothing of its body. `next()` runs it to the next `co_yield`, within the
///    coroutine that awaits: what the body awaits suspends that one, a cancellation or a timeout of
///    it is raised in the body, and so is its end.
/// 2. `next()` gives a `yielded<Yield>`, as a generator does (generator.hpp): optional-like, valid
///    until the next `next()`, empty at the end. `Yield` may be a reference. What the body throws
///    is thrown by `next()`; then it is closed.
/// 3. One coroutine at a time drives it: to a second one `next()` throws `already_executing`.
/// 4. Dropped at a `co_yield`, or before its first `next()`, it is destroyed there: destructors of
///    its locals run, and cannot wait. For an end that waits await `close()`, which raises
///    `generator_exit` at the `co_yield`. Dropped while it is driven it ends the process, with a
///    text.
/// 5. It belongs to the loop that it is driven on while it is; between two `next()` it may move.
///
/// Source: PEP 525.
template <class Yield>
class [[nodiscard("nothing runs before next() is awaited")]] async_generator
    : public detail::async_generator_handle {
    static_assert(!std::is_void_v<Yield>, "an async_generator hands out values");

public:
    using promise_type = detail::async_generator_promise<Yield>;
    using value_type = typename detail::yield_types<Yield>::value;

    /// Awaited, runs to the next `co_yield` and gives its value; empty when the body has ended.
    [[nodiscard("co_await it, or await() it in a fiber")]] detail::next_awaiter<Yield>
    next() noexcept {
        return detail::next_awaiter<Yield>(*this, detail::drive_awaiter::how::next);
    }
    /// Awaited, raises `error` at the `co_yield`, and gives what is yielded in answer. Before the
    /// first `next()` it closes the generator and throws; on a closed one it just throws.
    [[nodiscard("co_await it, or await() it in a fiber")]] detail::next_awaiter<Yield> throw_(
        std::exception_ptr error) {
        if (!error)
            throw usage_error("throw_(): the exception_ptr is empty: pass one of "
                              "std::make_exception_ptr() or std::current_exception()");
        return detail::next_awaiter<Yield>(*this, detail::drive_awaiter::how::raise,
                                           std::move(error));
    }
    template <class Exception>
        requires(!std::same_as<std::remove_cvref_t<Exception>, std::exception_ptr>)
    [[nodiscard("co_await it, or await() it in a fiber")]] detail::next_awaiter<Yield> throw_(
        Exception&& error) {
        return throw_(std::make_exception_ptr(std::forward<Exception>(error)));
    }
    /// Awaited, ends it: raises `generator_exit` at its `co_yield` and waits for the end, in a
    /// coroutine that is cancelled too. Does nothing when it has ended. Throws what the body throws
    /// other than that, and `ignored_exit` when it yields once more; then it lives.
    [[nodiscard("co_await it, or await() it in a fiber")]] detail::close_awaiter close() {
        return detail::close_awaiter(*this);
    }

private:
    friend promise_type;
    explicit async_generator(detail::async_generator_frame& frame) noexcept
        : async_generator_handle(frame) {}
};

}  // namespace weft
