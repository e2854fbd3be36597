#pragma once

#include "weft/base/export.hpp"
#include "weft/core/async_backtrace.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/join_waiter.hpp"
#include "weft/core/stored_result.hpp"

#include <exception>
#include <functional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft {
namespace detail {

/// The untyped half of `join_handle`.
class WEFT_EXPORT any_handle {
public:
    any_handle() noexcept = default;
    explicit any_handle(control_block& b) noexcept : block_(&b) { ++b.handles; }
    any_handle(const any_handle& other) noexcept : block_(other.block_) {
        if (block_ != nullptr) ++block_->handles;
    }
    any_handle(any_handle&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    any_handle& operator=(any_handle other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~any_handle() { detach(); }

    /// It holds a coroutine.
    [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
    /// Lets go of it: it runs on, and an error of its own is reported (R13).
    void detach() noexcept {
        control_block* const b = std::exchange(block_, nullptr);
        if (b != nullptr && --b->handles == 0 && b->ended()) retire_block(*b);
    }

    /// It has ended.
    [[nodiscard]] bool ready() const { return block().ended(); }
    /// It has ended, with a result.
    [[nodiscard]] bool successful() const { return block().state == block_state::returned; }
    /// It has ended by a cancellation.
    [[nodiscard]] bool was_cancelled() const { return block().state == block_state::cancelled; }
    /// What it failed by, or a `child_cancelled`; null when it returned. Throws `usage_error` when
    /// it has not ended.
    [[nodiscard]] std::exception_ptr error() const;

    /// Asks for its end: its await, the one that it waits in or the next, raises `cancelled`, and
    /// so does every later one (level-triggered). Does nothing when it has ended.
    void cancel(std::source_location at = std::source_location::current()) const;

    /// For people and tools.
    [[nodiscard]] coroutine_id id() const { return block().id(); }
    [[nodiscard]] std::string_view name() const;
    /// Where it is suspended, from the innermost await to the `spawn`.
    [[nodiscard]] async_backtrace backtrace() const;

    [[nodiscard]] control_block& block() const {
        if (block_ == nullptr) [[unlikely]]
            refuse_empty();
        return *block_;
    }

protected:
    void set_name(std::string_view text) const;
    void add_link(std::function<void(control_block&)> f) const;

private:
    [[noreturn, gnu::cold]] static void refuse_empty();

    control_block* block_ = nullptr;
};

WEFT_EXPORT extern const wait_kind join_kind;
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_to_join_self();
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_taken_result();
/// Throws what it ended by, and says who asked.
[[noreturn, gnu::cold]] WEFT_EXPORT void rethrow_ended(control_block& b);
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_unfinished(const control_block& b);

/// Waits for the end.
class end_awaiter : public awaiter<end_awaiter, join_waiter> {
public:
    explicit end_awaiter(any_handle h) : awaiter(join_kind), handle_(std::move(h)) {
        static_cast<void>(handle_.block());
    }
    [[nodiscard]] bool try_now() {
        if (handle_.block().ended()) return true;
        if (&handle_.block() == this_scheduler().current()) [[unlikely]]
            refuse_to_join_self();
        return false;
    }
    void start() noexcept { link(handle_.block()); }
    void finish() const noexcept {}

protected:
    any_handle handle_;
};

}  // namespace detail

/// A coroutine that was spawned: to wait for it, to get what it gives, to cancel it.
///
/// ```cpp
/// weft::task<int> answer() { co_return 42; }
/// weft::task<> ask() {
///     weft::join_handle<int> h = weft::spawn(answer());
///     const int n = co_await h;  // in a fiber: weft::await(h)
///     h.cancel();                // it has ended: nothing happens
///     (void)n;
/// }
/// ```
///
/// 1. `co_await h` and `await(h)` give the result, or throw what the coroutine failed by, or
///    `child_cancelled` when it was cancelled: the joiner was not (R11).
/// 2. A handle can be copied, and several coroutines may wait. A result that cannot be copied is
///    given to the first; awaiting an rvalue moves it when that is the last handle.
/// 3. Dropping the last handle detaches: the coroutine runs on. What it then fails by is reported
///    (R13).
/// 4. It may outlive its loop. Until then it belongs to its loop's thread (R6).
template <class T>
class join_handle : public detail::any_handle {
public:
    using value_type = T;
    using any_handle::any_handle;

    /// Waits for the end and gives the result.
    class awaiter : public detail::awaiter<awaiter, detail::join_waiter> {
    public:
        awaiter(detail::any_handle h, bool may_move)
            : detail::awaiter<awaiter, detail::join_waiter>(detail::join_kind),
              handle_(std::move(h)),
              may_move_(may_move) {
            static_cast<void>(handle_.block());
        }
        [[nodiscard]] bool try_now() {
            if (handle_.block().ended()) return true;
            if (&handle_.block() == detail::this_scheduler().current()) [[unlikely]]
                detail::refuse_to_join_self();
            return false;
        }
        void start() noexcept { this->link(handle_.block()); }
        T finish() { return take(handle_.block(), may_move_ && handle_.block().handles == 1); }

    private:
        detail::any_handle handle_;
        bool may_move_;
    };

    [[nodiscard]] awaiter operator co_await() const& { return awaiter(*this, false); }
    [[nodiscard]] awaiter operator co_await() && { return awaiter(std::move(*this), true); }
    /// The same as awaiting the handle.
    [[nodiscard]] awaiter get() const& { return awaiter(*this, false); }
    [[nodiscard]] awaiter get() && { return awaiter(std::move(*this), true); }
    /// Waits for the end, and gives and throws nothing of the coroutine's.
    [[nodiscard]] detail::end_awaiter join() const { return detail::end_awaiter(*this); }

    /// The result of one that has ended; throws like `get`, without waiting, and `usage_error` when
    /// it has not.
    [[nodiscard]] std::add_lvalue_reference_t<T> value() const {
        detail::control_block& b = block();
        if (!b.ended()) detail::refuse_unfinished(b);
        if (b.state != detail::block_state::returned) detail::rethrow_ended(b);
        if constexpr (!std::is_void_v<T>) {
            if (b.body == nullptr && !b.has(detail::block_flag::inline_result))
                detail::refuse_taken_result();
            return detail::result_of<T>(b);
        }
    }

    using any_handle::name;
    /// For people and tools; kept for as long as the coroutine lives.
    join_handle& name(std::string_view text) & {
        set_name(text);
        return *this;
    }
    join_handle&& name(std::string_view text) && {
        set_name(text);
        return std::move(*this);
    }

    /// Has `f(handle)` called by the loop when the coroutine has ended, or soon if it has.
    template <class F>
    void link(F f) const {
        add_link([f = std::move(f)](detail::control_block& b) mutable { f(join_handle(b)); });
    }

private:
    static T take(detail::control_block& b, bool move) {
        if (b.state != detail::block_state::returned) [[unlikely]]
            detail::rethrow_ended(b);
        if constexpr (std::is_void_v<T>) {
            return;
        } else if constexpr (std::is_reference_v<T>) {
            return detail::result_of<T>(b);
        } else {
            if (b.body == nullptr && !b.has(detail::block_flag::inline_result)) [[unlikely]]
                detail::refuse_taken_result();
            if constexpr (std::is_copy_constructible_v<T>) {
                if (!move) return detail::result_of<T>(b);
                return std::move(detail::result_of<T>(b));
            } else {
                auto* const box = static_cast<detail::boxed_result*>(b.body);
                T value = std::move(detail::result_of<T>(b));
                b.body = nullptr;
                if (!b.has(detail::block_flag::inline_result)) box->destroy(box);
                return value;
            }
        }
    }
};

}  // namespace weft
