#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/scoped_call.hpp"

#include <exception>
#include <optional>
#include <source_location>
#include <system_error>
#include <type_traits>
#include <utility>

/// Cancelling a part of a program: `with_cancel`, `with_timeout`, `with_deadline`, `with_shield`.
///
/// Each is awaited, with `co_await` in a task and `await` in a fiber. It runs its body in a scope
/// of its own, a node of the tree of all scopes (cancel_node.hpp), and absorbs the `cancelled` that
/// is raised because of that scope, and no other (R9).
namespace weft {

/// What a deadline ends with.
class WEFT_EXPORT timed_out : public std::system_error {
public:
    explicit timed_out(const cancel_origin& origin);
    ~timed_out() override;
    [[nodiscard]] const cancel_origin& origin() const noexcept { return origin_; }

private:
    cancel_origin origin_;
};

/// The scope of a `with_cancel` or `with_timeout`, as its body sees it. One thread, its loop's.
class WEFT_EXPORT cancel_scope {
public:
    /// Cancels all that runs in it. Idempotent: the first is the origin.
    void cancel(std::source_location at = std::source_location::current()) noexcept;
    [[nodiscard]] bool cancelled() const noexcept { return node_.cancelled(); }
    /// When it cancels itself; `clock::never` for never.
    [[nodiscard]] clock::time_point deadline() const noexcept { return node_.deadline(); }
    void set_deadline(clock::time_point when,
                      std::source_location at = std::source_location::current()) noexcept {
        node_.set_deadline(when, detail::place_of(at));
    }

    // Used by the functions below.
    cancel_scope(detail::cancel_node::shielding shield, clock::time_point deadline);
    [[nodiscard]] detail::cancel_node& node() noexcept { return node_; }

private:
    detail::cancel_node node_;
};

namespace detail {

/// `with_cancel`: whether the body came to its end.
class cancel_policy {
public:
    using scope = cancel_scope;
    static constexpr bool joins = false;
    template <class R>
    using result = std::conditional_t<std::is_void_v<R>, bool, std::optional<R>>;

    cancel_policy() noexcept = default;
    [[nodiscard]] scope enter() const { return scope(cancel_node::shielding::none, clock::never); }
    template <class R>
    [[nodiscard]] static result<R> finish(scope& s, outcome<R>& out) {
        if (out.absorbed_by(s.node())) return {};
        if constexpr (std::is_void_v<R>) {
            out.take();
            return true;
        } else {
            return out.take();
        }
    }
};

/// `with_deadline` and `with_timeout`.
class deadline_policy {
public:
    using scope = cancel_scope;
    static constexpr bool joins = false;
    template <class R>
    using result = R;

    explicit deadline_policy(clock::time_point deadline) noexcept : deadline_(deadline) {}
    [[nodiscard]] scope enter() const { return scope(cancel_node::shielding::none, deadline_); }
    template <class R>
    static R finish(scope& s, outcome<R>& out) {
        if (out.absorbed_by(s.node())) throw timed_out(s.node().origin());
        return out.take();
    }

private:
    clock::time_point deadline_;
};

/// `with_shield`.
class shield_policy {
public:
    using scope = cancel_scope;
    static constexpr bool joins = false;
    template <class R>
    using result = R;

    shield_policy() noexcept = default;
    [[nodiscard]] scope enter() const {
        return scope(cancel_node::shielding::shielded, clock::never);
    }
    template <class R>
    static R finish(scope&, outcome<R>& out) {
        return out.take();
    }
};

}  // namespace detail

/// Runs `body(scope, args...)`, or `body(args...)`, in a scope that `scope.cancel()` ends. Gives
/// an optional of what the body gives, empty when it was cancelled; of a body without a result,
/// whether it came to its end.
template <class Body, class... Args>
[[nodiscard]] auto with_cancel(Body&& body, Args&&... args) {
    return detail::scoped_call(
        detail::cancel_policy(),
        detail::body_of<cancel_scope>(std::forward<Body>(body), std::forward<Args>(args)...));
}

/// Awaits `x`, or runs a body as `with_cancel` does, until `when` at the latest: then it throws
/// `timed_out`. Deadlines nest: the nearest wins. What is there in time is given, however late the
/// coroutine runs.
template <class Body, class... Args>
[[nodiscard]] auto with_deadline(clock::time_point when, Body&& body, Args&&... args) {
    return detail::scoped_call(
        detail::deadline_policy(when),
        detail::body_of<cancel_scope>(std::forward<Body>(body), std::forward<Args>(args)...));
}
/// The same with a time from now.
///
/// ```cpp
/// weft::task<> patient(weft::join_handle<int> h) {
///     try {
///         (void)co_await weft::with_timeout(std::chrono::seconds(1), h);
///     } catch (const weft::timed_out&) {
///         h.cancel();
///     }
/// }
/// ```
template <class Rep, class Period, class Body, class... Args>
[[nodiscard]] auto with_timeout(std::chrono::duration<Rep, Period> d, Body&& body, Args&&... args) {
    return with_deadline(saturating_add(clock::now(), detail::to_nanoseconds(d)),
                         std::forward<Body>(body), std::forward<Args>(args)...);
}

/// Awaits `x`, or runs a body, in a scope that is not cancelled from outside. What was cancelled
/// meanwhile is raised by the next await after it.
template <class Body, class... Args>
[[nodiscard]] auto with_shield(Body&& body, Args&&... args) {
    return detail::scoped_call(
        detail::shield_policy(),
        detail::body_of<cancel_scope>(std::forward<Body>(body), std::forward<Args>(args)...));
}

}  // namespace weft
