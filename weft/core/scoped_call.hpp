#pragma once

#include "weft/core/await.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/task.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

/// What the functions named `with_…` have in common: a body that runs in a scope, in a task or in a
/// fiber.
namespace weft::detail {

/// `error` is a `cancelled` that was raised because of `node`.
[[nodiscard]] WEFT_EXPORT bool absorbs(const cancel_node& node, const std::exception_ptr& error);

/// What a body came to.
template <class R>
class outcome {
public:
    void fail(std::exception_ptr e) noexcept { error_ = std::move(e); }
    template <class U>
    void set(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    /// REQUIRES: there is one.
    [[nodiscard]] const R& value() const noexcept { return *value_; }
    /// It was ended by the cancellation of `node`.
    [[nodiscard]] bool absorbed_by(const cancel_node& node) const {
        return error_ && absorbs(node, error_);
    }
    R take() {
        if (error_ || !value_) std::rethrow_exception(error_);
        return std::move(*value_);
    }

private:
    std::exception_ptr error_;
    std::optional<R> value_;
};
template <class R>
class outcome<R&> : public outcome<std::reference_wrapper<R>> {
public:
    R& take() { return outcome<std::reference_wrapper<R>>::take().get(); }
};
template <>
class outcome<void> {
public:
    void fail(std::exception_ptr e) noexcept { error_ = std::move(e); }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    [[nodiscard]] bool has_value() const noexcept { return error_ == nullptr; }
    [[nodiscard]] bool absorbed_by(const cancel_node& node) const {
        return error_ && absorbs(node, error_);
    }
    void take() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    std::exception_ptr error_;
};

/// A body that is a callable with its arguments; it may take the scope first.
template <class Scope, class F, class... Args>
class callable_body {
    static constexpr bool takes_scope = std::invocable<F&&, Scope&, Args&&...>;
    static auto probe() {
        if constexpr (takes_scope)
            return std::type_identity<std::invoke_result_t<F&&, Scope&, Args&&...>>{};
        else
            return std::type_identity<std::invoke_result_t<F&&, Args&&...>>{};
    }

public:
    using returned = typename decltype(probe())::type;

    template <class G, class... As>
    explicit callable_body(std::in_place_t, G&& f, As&&... args)
        : call_(std::forward<G>(f), std::forward<As>(args)...) {}

    returned call(Scope& scope) {
        return std::apply(
            [&](F& f, Args&... args) -> returned {
                if constexpr (takes_scope)
                    return std::invoke(std::forward<F>(f), scope, std::forward<Args>(args)...);
                else
                    return std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
            },
            call_);
    }

private:
    std::tuple<F, Args...> call_;
};

/// A body that is something to await. Awaiters do not move: one that is a temporary lives as long
/// as the whole expression, and so as long as the call; it is referred to, as an lvalue is. What
/// moves, a task or a handle, is kept.
template <class Scope, class X>
class given_body {
    using kept =
        std::conditional_t<std::is_lvalue_reference_v<X> || !std::is_move_constructible_v<X>, X&&,
                           X>;

public:
    using returned = X&&;
    explicit given_body(X&& x) noexcept : x_(static_cast<X&&>(x)) {}
    returned call(Scope&) noexcept { return static_cast<X&&>(x_); }

private:
    kept x_;
};

template <class Scope, class X, class... Args>
[[nodiscard]] auto body_of(X&& x, Args&&... args) {
    if constexpr (sizeof...(Args) == 0 && awaitable<X>)
        return given_body<Scope, X>(std::forward<X>(x));
    else
        return callable_body<Scope, std::decay_t<X>, std::unwrap_ref_decay_t<Args>...>(
            std::in_place, std::forward<X>(x), std::forward<Args>(args)...);
}

template <class Returned>
struct body_result {
    using type = Returned;
};
template <awaitable Returned>
struct body_result<Returned> {
    using type = await_result<Returned>;
};

template <class Policy, class Body, class R = typename body_result<typename Body::returned>::type>
task<typename Policy::template result<R>> run_scoped_in_task(Policy policy, Body body) {
    typename Policy::scope scope = policy.enter();
    outcome<R> out;
    try {
        if constexpr (!awaitable<typename Body::returned>) {
            if constexpr (std::is_void_v<R>)
                body.call(scope);
            else
                out.set(body.call(scope));
        } else if constexpr (std::is_void_v<R>) {
            co_await body.call(scope);
        } else {
            out.set(co_await body.call(scope));
        }
    } catch (...) {
        out.fail(std::current_exception());
    }
    if constexpr (Policy::joins) {
        scope.body_ended(out.error());
        // Others may spawn into it between the end of the last child and the resumption.
        while (scope.size() != 0) co_await scope.children_ended();
    }
    scope.node().leave();
    co_return policy.template finish<R>(scope, out);
}

template <class Policy, class Body, class R = typename body_result<typename Body::returned>::type>
typename Policy::template result<R> run_scoped_in_fiber(const Policy& policy, Body& body) {
    fiber_record& self = this_fiber("await()");
    typename Policy::scope scope = policy.enter();
    outcome<R> out;
    try {
        if constexpr (!awaitable<typename Body::returned>) {
            if constexpr (std::is_void_v<R>)
                body.call(scope);
            else
                out.set(body.call(scope));
        } else if constexpr (std::is_void_v<R>) {
            await_in(self, body.call(scope));
        } else {
            out.set(await_in(self, body.call(scope)));
        }
    } catch (...) {
        out.fail(std::current_exception());
    }
    if constexpr (Policy::joins) {
        scope.body_ended(out.error());
        while (scope.size() != 0) await_in(self, scope.children_ended());
    }
    scope.node().leave();
    return policy.template finish<R>(scope, out);
}

/// What the `with_…` functions return: to be awaited at once, where it stands.
template <class Policy, class Body>
class [[nodiscard("co_await it, or await() it in a fiber")]] scoped_call {
public:
    scoped_call(Policy policy, Body body) : policy_(std::move(policy)), body_(std::move(body)) {}

    [[nodiscard]] auto in_task() && {
        return run_scoped_in_task<Policy, Body>(std::move(policy_), std::move(body_));
    }
    decltype(auto) in_fiber() && { return run_scoped_in_fiber<Policy, Body>(policy_, body_); }
    /// For coroutines of other libraries.
    [[nodiscard]] auto operator co_await() && {
        return std::move(*this).in_task().operator co_await();
    }

private:
    Policy policy_;
    Body body_;
};

}  // namespace weft::detail
