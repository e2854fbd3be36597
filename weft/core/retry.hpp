#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/scoped_call.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

/// Trying again what has failed: `retry`.
namespace weft {

/// How often, after which pauses, and for which errors.
///
/// ```cpp
/// const auto patient = weft::retry_policy()
///                          .attempts(5)
///                          .delay(std::chrono::milliseconds(200))
///                          .only<std::system_error>();
/// ```
class WEFT_EXPORT retry_policy {
public:
    retry_policy() = default;

    /// How often it is tried, the first time included. Default 3; 0 is a `usage_error`.
    retry_policy& attempts(std::size_t n);
    /// The pause after the first attempt. Default 100 ms.
    retry_policy& delay(clock::duration first) noexcept {
        delay_ = first;
        return *this;
    }
    /// What each pause is multiplied by for the next one. Default 2.
    retry_policy& factor(double f) noexcept {
        factor_ = f;
        return *this;
    }
    /// No pause is longer. Default 30 s.
    retry_policy& delay_max(clock::duration longest) noexcept {
        delay_max_ = longest;
        return *this;
    }
    /// The share of each pause that is left to chance, from 0 to 1, so that many do not come back
    /// at once: with 0.5 it lasts from half of its time to all of it. Default 0.5.
    retry_policy& jitter(double share) noexcept {
        jitter_ = share;
        return *this;
    }
    /// Chance repeats itself for a seed. Without one the loop's oracle is asked, so that a run of
    /// the simulator can be replayed, and where there is none, nobody knows.
    retry_policy& seed(std::uint64_t s) noexcept {
        seed_ = s;
        return *this;
    }
    /// Other errors are thrown at once. Default: all are tried again.
    template <class... Errors>
    retry_policy& only() {
        return when([](const std::exception_ptr& error) { return (is_a<Errors>(error) || ...); });
    }
    /// The same by a predicate.
    retry_policy& when(std::function<bool(const std::exception_ptr& error)> is_worth_it) {
        when_ = std::move(is_worth_it);
        return *this;
    }

private:
    friend class retry_state;
    template <class Error>
    [[nodiscard]] static bool is_a(const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const Error&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    std::size_t attempts_ = 3;
    clock::duration delay_ = std::chrono::milliseconds(100);
    clock::duration delay_max_ = std::chrono::seconds(30);
    double factor_ = 2;
    double jitter_ = 0.5;
    std::optional<std::uint64_t> seed_;
    std::function<bool(const std::exception_ptr&)> when_;
};

/// A policy at work, for those who write the loop themselves.
class WEFT_EXPORT retry_state {
public:
    explicit retry_state(retry_policy policy);

    /// An attempt has failed: whether to try again, after `pause()`. To be called once for each.
    [[nodiscard]] bool again(const std::exception_ptr& error);
    [[nodiscard]] clock::duration pause() const noexcept { return pause_; }
    [[nodiscard]] std::size_t failures() const noexcept { return failures_; }

private:
    [[nodiscard]] double chance();

    retry_policy policy_;
    std::size_t failures_ = 0;
    double next_;  // nanoseconds
    clock::duration pause_{0};
    std::uint64_t random_ = 0;
};

namespace detail {

template <class F, class... Args>
class retried_call {
public:
    using returned = std::invoke_result_t<F&, Args&...>;
    using value = spawned_result<returned>;

    template <class G, class... As>
    explicit retried_call(std::in_place_t, G&& fn, As&&... args)
        : call_(std::forward<G>(fn), std::forward<As>(args)...) {}
    returned operator()() {
        return std::apply([](F& fn, Args&... args) -> returned { return std::invoke(fn, args...); },
                          call_);
    }

private:
    std::tuple<F, Args...> call_;
};

template <class Call>
task<typename Call::value> retry_in_task(retry_policy policy, Call call) {
    retry_state state(std::move(policy));
    for (;;) {
        try {
            if constexpr (awaitable<typename Call::returned>)
                co_return co_await call();
            else
                co_return call();
        } catch (...) {
            if (!state.again(std::current_exception())) throw;
        }
        co_await sleep(state.pause());
    }
}
template <class Call>
typename Call::value retry_in_fiber(retry_policy policy, Call& call) {
    fiber_record& self = this_fiber("await()");
    retry_state state(std::move(policy));
    for (;;) {
        try {
            if constexpr (awaitable<typename Call::returned>)
                return await_in(self, call());
            else
                return call();
        } catch (...) {
            if (!state.again(std::current_exception())) throw;
        }
        await_in(self, sleep(state.pause()));
    }
}

template <class Call>
class [[nodiscard("co_await it, or await() it in a fiber")]] retry_call {
public:
    retry_call(retry_policy policy, Call call)
        : policy_(std::move(policy)), call_(std::move(call)) {}
    [[nodiscard]] auto in_task() && {
        return retry_in_task<Call>(std::move(policy_), std::move(call_));
    }
    decltype(auto) in_fiber() && { return retry_in_fiber<Call>(std::move(policy_), call_); }
    [[nodiscard]] auto operator co_await() && {
        return std::move(*this).in_task().operator co_await();
    }

private:
    retry_policy policy_;
    Call call_;
};

}  // namespace detail

/// Calls `fn(args...)`, awaits what it gives if that can be awaited, and does so again, after a
/// pause, when it fails, as `policy` says. Gives the first result, or throws the last error.
///
/// ```cpp
/// weft::task<std::string> fetch(std::string address);
/// inline weft::task<std::string> fetch_somehow(std::string address) {
///     co_return co_await weft::retry(weft::retry_policy().attempts(5), fetch, address);
/// }
/// ```
///
/// The callable and its arguments are kept and passed as lvalues each time. A cancellation is never
/// tried again, nor is a `usage_error`, which would be one the next time too.
template <class F, class... Args>
    requires std::invocable<std::decay_t<F>&, std::unwrap_ref_decay_t<Args>&...>
[[nodiscard]] auto retry(retry_policy policy, F&& fn, Args&&... args) {
    using call = detail::retried_call<std::decay_t<F>, std::unwrap_ref_decay_t<Args>...>;
    return detail::retry_call<call>(
        std::move(policy), call(std::in_place, std::forward<F>(fn), std::forward<Args>(args)...));
}

}  // namespace weft
