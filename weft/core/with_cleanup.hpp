#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/scoped_call.hpp"

#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

/// Cleanup that has to wait: what `finally` is elsewhere.
namespace weft {
namespace detail {

/// A shield for cleanup: for the grace time from when the coroutine is cancelled, else without end.
class WEFT_EXPORT cleanup_scope : public cancel_scope {
public:
    cleanup_scope();
};

/// What to throw in the end: the body's error, or the cleanup's, or both; a cancellation goes
/// before the cleanup's error, which is then reported. Returns when there is none.
WEFT_EXPORT void throw_after_cleanup(cleanup_scope& s, const std::exception_ptr& of_body,
                                     const std::exception_ptr& of_cleanup);

template <class Cleanup>
task<> clean_up_in_task(Cleanup& cleanup) {
    if constexpr (awaitable<std::invoke_result_t<Cleanup&>>)
        static_cast<void>(co_await std::invoke(cleanup));
    else
        static_cast<void>(std::invoke(cleanup));
    co_return;
}

template <class Body, class Cleanup, class R = typename body_result<typename Body::returned>::type>
task<R> run_with_cleanup(Body body, Cleanup cleanup) {
    outcome<R> out;
    try {
        cancel_scope unused(cancel_node::shielding::none, clock::never);
        if constexpr (!awaitable<typename Body::returned>) {
            if constexpr (std::is_void_v<R>)
                body.call(unused);
            else
                out.set(body.call(unused));
        } else if constexpr (std::is_void_v<R>) {
            co_await body.call(unused);
        } else {
            out.set(co_await body.call(unused));
        }
    } catch (...) {
        out.fail(std::current_exception());
    }
    std::exception_ptr of_cleanup;
    cleanup_scope shield;
    try {
        co_await clean_up_in_task(cleanup);
    } catch (...) {
        of_cleanup = std::current_exception();
    }
    throw_after_cleanup(shield, out.error(), of_cleanup);
    co_return out.take();
}

template <class Body, class Cleanup, class R = typename body_result<typename Body::returned>::type>
R run_with_cleanup_in_fiber(Body& body, Cleanup& cleanup) {
    fiber_record& self = this_fiber("await()");
    outcome<R> out;
    try {
        cancel_scope unused(cancel_node::shielding::none, clock::never);
        if constexpr (!awaitable<typename Body::returned>) {
            if constexpr (std::is_void_v<R>)
                body.call(unused);
            else
                out.set(body.call(unused));
        } else if constexpr (std::is_void_v<R>) {
            await_in(self, body.call(unused));
        } else {
            out.set(await_in(self, body.call(unused)));
        }
    } catch (...) {
        out.fail(std::current_exception());
    }
    std::exception_ptr of_cleanup;
    cleanup_scope shield;
    try {
        if constexpr (awaitable<std::invoke_result_t<Cleanup&>>)
            static_cast<void>(await_in(self, std::invoke(cleanup)));
        else
            static_cast<void>(std::invoke(cleanup));
    } catch (...) {
        of_cleanup = std::current_exception();
    }
    throw_after_cleanup(shield, out.error(), of_cleanup);
    return out.take();
}

template <class Body, class Cleanup>
class [[nodiscard("co_await it, or await() it in a fiber")]] cleanup_call {
public:
    cleanup_call(Body body, Cleanup cleanup)
        : body_(std::move(body)), cleanup_(std::move(cleanup)) {}
    [[nodiscard]] auto in_task() && {
        return run_with_cleanup<Body, Cleanup>(std::move(body_), std::move(cleanup_));
    }
    decltype(auto) in_fiber() && {
        return run_with_cleanup_in_fiber<Body, Cleanup>(body_, cleanup_);
    }
    [[nodiscard]] auto operator co_await() && {
        return std::move(*this).in_task().operator co_await();
    }

private:
    Body body_;
    Cleanup cleanup_;
};

}  // namespace detail

/// Runs `body()`, or awaits what it is, then `cleanup()` whatever happened, and gives what the body
/// gave. The cleanup may await: no cancellation from outside reaches it, before the grace time
/// (`options::grace`) is over that begins with that cancellation, or with the cleanup.
///
/// ```cpp
/// weft::task<> careful() {
///     co_await weft::with_cleanup(
///         [] { return weft::sleep(std::chrono::seconds(1)); },
///         [] { return weft::sleep(std::chrono::milliseconds(10)); });
/// }
/// ```
template <class Body, class Cleanup>
[[nodiscard]] auto with_cleanup(Body&& body, Cleanup&& cleanup) {
    auto kept = detail::body_of<cancel_scope>(std::forward<Body>(body));
    return detail::cleanup_call<decltype(kept), std::decay_t<Cleanup>>(
        std::move(kept), std::forward<Cleanup>(cleanup));
}

}  // namespace weft
