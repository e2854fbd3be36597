#pragma once

#include "weft/base/error.hpp"
#include "weft/base/export.hpp"
#include "weft/sync/wait_queue.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

/// A value, or an error, that somebody will provide.
namespace weft {

/// Figures of an async_result.
class async_result_statistics {
public:
    async_result_statistics(bool ready, std::size_t waiting) noexcept
        : ready_(ready), waiting_(waiting) {}
    [[nodiscard]] bool ready() const noexcept { return ready_; }
    /// Coroutines that wait now.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    bool ready_;
    std::size_t waiting_;
};

namespace detail {

WEFT_EXPORT extern const wait_kind async_result_kind;

/// The part of `async_result` that knows no type. Those who wait stay linked until they have
/// resumed, since they take the value from here: one that is destroyed before tells them.
class WEFT_EXPORT any_async_result {
public:
    any_async_result() noexcept = default;
    any_async_result(const any_async_result&) = delete;
    any_async_result& operator=(const any_async_result&) = delete;

    /// It has a value or an error.
    [[nodiscard]] bool ready() const noexcept { return state_ != state::open; }
    /// It has a value.
    [[nodiscard]] bool successful() const noexcept { return state_ == state::value; }
    /// Null when it has a value. Throws `usage_error` when it is not ready.
    [[nodiscard]] std::exception_ptr error() const {
        if (!ready()) refuse_unready();
        return error_;
    }
    /// Fails it: every `get()` throws `error`, as the type that it has. Once; null is a
    /// `usage_error`.
    void set_error(std::exception_ptr error);
    template <class E>
        requires(!std::is_convertible_v<E, std::exception_ptr>)
    void set_error(E&& error) {
        set_error(std::make_exception_ptr(std::forward<E>(error)));
    }
    [[nodiscard]] async_result_statistics statistics() const noexcept {
        return async_result_statistics(ready(), ready() ? 0 : waiters_.size());
    }

protected:
    enum class state : unsigned char { open, value, error };

    ~any_async_result() = default;
    /// Throws unless it is open, and this thread's.
    void check_open() const;
    void has_value() noexcept { wake_all(state::value); }
    void check_ready() const {
        if (state_ == state::value) [[likely]]
            return;
        if (state_ == state::open) refuse_unready();
        std::rethrow_exception(error_);
    }
    void wait(queued_waiter& w) noexcept { waiters_.push(w); }

private:
    void wake_all(state becomes) noexcept;
    [[noreturn, gnu::cold]] static void refuse_unready();

    state state_ = state::open;
    std::exception_ptr error_;
    wait_queue waiters_;
};

}  // namespace detail

/// Set once by one coroutine, awaited by any number of others. As gevent's `AsyncResult` and
/// asyncio's `Future`.
///
/// ```cpp
/// inline weft::task<> ask(weft::async_result<int>& answer) {
///     const int n = co_await answer.get();
///     std::printf("%d\n", n);
/// }
/// inline weft::task<> answer_two() {
///     weft::async_result<int> answer;
///     co_await weft::with_scope([&answer](weft::scope& s) {
///         s.spawn(ask, std::ref(answer));
///         s.spawn(ask, std::ref(answer));
///         answer.set_value(42);  // or set_error(std::runtime_error("none"))
///     });
/// }
/// ```
///
/// 1. Setting it a second time is a `usage_error`.
/// 2. An error reaches each who waits with its type.
/// 3. One that is cancelled after it was set gets the value; its next await raises.
/// 4. One loop's. Destroyed, it throws `usage_error` in who still waits.
template <class T>
class async_result : public detail::any_async_result {
    static_assert(std::is_void_v<T> || std::is_object_v<T>,
                  "an async_result holds an object: a pointer or std::reference_wrapper refers");
    using stored = std::conditional_t<std::is_void_v<T>, bool, T>;

public:
    using value_type = T;
    /// What `get()` gives: the value itself, which lives as long as the async_result.
    using reference = std::conditional_t<std::is_void_v<T>, void, const stored&>;

    class awaiter : public detail::awaiter<awaiter, detail::queued_waiter> {
    public:
        explicit awaiter(async_result& of) noexcept
            : detail::awaiter<awaiter, detail::queued_waiter>(detail::async_result_kind),
              result_(of) {}
        [[nodiscard]] bool try_now() const noexcept { return result_.ready(); }
        void start() noexcept {
            linked_ = true;
            result_.wait(*this);
        }
        reference finish() {
            detail::throw_if_orphaned(*this, detail::async_result_kind);
            if (linked_) detail::wait_queue::remove(*this);
            return result_.value();
        }

    private:
        async_result& result_;
        bool linked_ = false;
    };

    /// Provides the value, made from `args`. Once. When making it throws, it stays open.
    template <class... Args>
        requires(std::is_void_v<T> ? sizeof...(Args) == 0
                                   : std::is_constructible_v<stored, Args && ...>)
    void set_value(Args&&... args) {
        check_open();
        if constexpr (!std::is_void_v<T>) value_.emplace(std::forward<Args>(args)...);
        has_value();
    }

    /// Awaited, gives the value or throws the error.
    [[nodiscard]] awaiter get() noexcept { return awaiter(*this); }
    [[nodiscard]] awaiter operator co_await() noexcept { return awaiter(*this); }
    /// The same without waiting: a `usage_error` when it is not ready.
    reference value() const {
        check_ready();
        if constexpr (!std::is_void_v<T>) return *value_;
    }

private:
    std::optional<stored> value_;
};

}  // namespace weft
