#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <type_traits>

/// A coroutine frame that no compiler made: what lets a `std::coroutine_handle` stand for anything
/// that can be resumed.
///
/// GCC, clang and MSVC share one layout: a pointer to the resume function, one to the destroy
/// function, then the promise. `coroutine_handle::resume()` calls the first with the frame's
/// address; `done()` asks whether it is null, so that a pseudo frame is never done.
/// tests/pseudo_frame proves it for each compiler and level of optimisation.
namespace weft::detail {

/// The frame of an `Owner`, which gives `resumed_as_coroutine()`. It is a member of its owner and
/// knows it by its promise, so that it can be given any type of handle that awaitables ask for.
template <class Owner>
class pseudo_frame {
public:
    struct promise_type {
        explicit promise_type(Owner& o) noexcept : owner(&o) {}
        Owner* owner;
    };

    explicit pseudo_frame(Owner& owner) noexcept : promise_(owner) {
        static_assert(alignof(promise_type) <= 2 * sizeof(void*), "the promise follows at once");
    }
    pseudo_frame(const pseudo_frame&) = delete;
    pseudo_frame& operator=(const pseudo_frame&) = delete;

    [[nodiscard]] std::coroutine_handle<promise_type> handle() noexcept {
        return std::coroutine_handle<promise_type>::from_address(this);
    }

private:
    static void resume(void* frame) {
        static_cast<pseudo_frame*>(frame)->promise_.owner->resumed_as_coroutine();
    }
    static void destroy(void* frame) noexcept {
        static_cast<pseudo_frame*>(frame)->promise_.owner->destroyed_as_coroutine();
    }

    void (*resume_)(void*) = &resume;
    void (*destroy_)(void*) = &destroy;
    promise_type promise_;
};

/// What `co_await x` awaits: `x.operator co_await()`, `operator co_await(x)`, or `x`.
template <class Awaitable>
decltype(auto) awaiter_of(Awaitable&& awaitable) {
    // tidy: allow await-condition it names the operator, and awaits nothing
    if constexpr (requires { static_cast<Awaitable&&>(awaitable).operator co_await(); })
        return static_cast<Awaitable&&>(awaitable).operator co_await();
    // tidy: allow await-condition it names the operator, and awaits nothing
    else if constexpr (requires { operator co_await(static_cast<Awaitable&&>(awaitable)); })
        return operator co_await(static_cast<Awaitable&&>(awaitable));
    else
        return static_cast<Awaitable&&>(awaitable);
}

}  // namespace weft::detail
