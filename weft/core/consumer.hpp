#pragma once

#include "weft/core/consumer_frame.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace weft {

/// `T item = co_await receive;` in a consumer: the next item that is sent.
struct receive_t {
    explicit constexpr receive_t() noexcept = default;
};
inline constexpr receive_t receive{};

namespace detail {
template <class T>
class consumer_promise;
}  // namespace detail

/// A consumer: a function that waits for items and is sent them. Python's coroutines with `yield`
/// as an expression, under the `@coroutine` decorator: it is primed when created, that is, it has
/// run to its first `co_await receive`.
///
/// ```cpp
/// weft::consumer<std::string_view> grep(std::string pattern) {
///     for (;;) {
///         std::string_view line = co_await weft::receive;
///         if (line.find(pattern) != line.npos) std::cout << line << '\n';
///     }
/// }
///
/// void show() {
///     auto python = grep("python");
///     python.send("no snakes here");
///     python.send("python coroutines rock!");
/// }  // the destructor closes it: generator_exit is raised at the co_await
/// ```
///
/// - `T`: what `co_await receive` gives. An object type gives a value, copied from an lvalue that
///   was sent and moved from an rvalue; `consumer<const T&>` gives the sender's object itself.
/// - An error in the body reaches the sender and ends the consumer; one before the first `receive`
///   is thrown by the first `send`.
/// - When the body ends, its frame goes, and with it the arguments: consumers that were passed to
///   it as targets are closed in turn, so that `close()` travels to the end of a pipeline.
/// - `share()` gives another handle on the same body, for fan-in; it is closed with the last of
///   them.
///
/// Thread rule: one thread at a time; a second one gets `already_executing` (best effort).
/// Sources: PEP 342; D. Beazley, "A Curious Course on Coroutines and Concurrency".
template <class T>
class [[nodiscard]] consumer {
    static_assert(!std::is_void_v<T>, "a consumer receives something");

public:
    using promise_type = detail::consumer_promise<T>;
    using item_type = T;

    consumer(consumer&& other) noexcept
        : frame_(std::exchange(other.frame_, nullptr)), moved_(std::exchange(other.moved_, true)) {}
    consumer& operator=(consumer&& other) noexcept {
        if (this != &other) {
            consumer old(std::move(*this));
            frame_ = std::exchange(other.frame_, nullptr);
            moved_ = std::exchange(other.moved_, true);
        }
        return *this;
    }
    /// Closes; what that throws goes to the handler of unhandled errors.
    ~consumer() {
        if (frame_ != nullptr) detail::consumer_frame::close_unwatched(frame_);
    }

    /// Hands an item over and returns when the body waits for the next, or has ended. False when it
    /// has ended: by this item, or before it (then the item is untouched). Throws what the body
    /// throws.
    bool send(const std::remove_reference_t<T>& item)
        requires(std::is_lvalue_reference_v<T> ? std::is_const_v<std::remove_reference_t<T>>
                                               : std::copy_constructible<T>)
    {
        return deliver(item, detail::item_kind::lvalue);
    }
    bool send(std::remove_reference_t<T>& item)
        requires(std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>>)
    {
        return deliver(item, detail::item_kind::lvalue);
    }
    bool send(std::remove_reference_t<T>&& item)
        requires(!std::is_lvalue_reference_v<T>)
    {
        return deliver(item, detail::item_kind::rvalue);
    }

    /// Raises an exception at the `co_await receive`. True when the body handled it and waits
    /// again; throws what leaves the body. On a consumer that has ended it just throws.
    template <class Exception>
        requires(!std::same_as<std::remove_cvref_t<Exception>, std::exception_ptr>)
    bool throw_(Exception&& exception) {
        check_not_moved();
        return detail::consumer_frame::raise(
            frame_, std::make_exception_ptr(std::forward<Exception>(exception)));
    }
    bool throw_(std::exception_ptr error) {
        check_not_moved();
        return detail::consumer_frame::raise(frame_, std::move(error));
    }

    /// Ends the body: raises `generator_exit` at its `co_await receive`. Does nothing when it has
    /// ended; of several handles on one body only the last closes it. Throws what the body throws
    /// other than that, and `ignored_exit` when it waits for another item; then it lives.
    void close() {
        check_not_moved();
        detail::consumer_frame::close(frame_);
    }

    /// Another handle on the same body.
    [[nodiscard]] consumer share() {
        if (frame_ == nullptr) detail::refuse_to_share();
        frame_->add_handle();
        return consumer(*frame_);
    }

    [[nodiscard]] generator_state state() const noexcept {
        return frame_ == nullptr ? generator_state::closed : frame_->state();
    }
    /// Where it waits; line 0 once it has ended.
    [[nodiscard]] std::source_location where() const noexcept {
        return has_body() ? frame_->where() : std::source_location{};
    }
    /// Size of the frame in bytes; 0 once it has ended.
    [[nodiscard]] std::size_t frame_bytes() const noexcept {
        return has_body() ? header_of(frame_->address())->bytes : 0;
    }
    /// The frame, for debuggers and logs; null once it has ended.
    [[nodiscard]] const void* address() const noexcept {
        return has_body() ? frame_->address() : nullptr;
    }
    /// The name of the consumer's function.
    [[nodiscard]] std::string_view name() const noexcept {
        return has_body() ? detail::short_function_name(frame_->created_at()) : std::string_view{};
    }

private:
    friend promise_type;
    explicit consumer(detail::consumer_frame& frame) noexcept : frame_(&frame) {}
    [[nodiscard]] bool has_body() const noexcept { return frame_ != nullptr && !frame_->done(); }

    void check_not_moved() const {
        if (moved_) [[unlikely]]
            detail::refuse_moved_consumer();
    }
    [[gnu::cold]] bool refuse() {
        check_not_moved();
        return detail::consumer_frame::refuse(frame_);
    }

    template <class Item>
    bool deliver(Item& item, detail::item_kind kind) {
        if (frame_ == nullptr || !frame_->ready()) [[unlikely]]
            return refuse();
        auto* const address = const_cast<void*>(static_cast<const void*>(std::addressof(item)));
        if constexpr (std::is_reference_v<T> || std::is_trivially_copyable_v<T>)
            frame_->resume(address);  // How it was sent makes no difference.
        else
            frame_->resume(address, kind);
        return frame_->ready() ? true : detail::consumer_frame::settle(frame_);
    }

    detail::consumer_frame* frame_ = nullptr;
    bool moved_ = false;  // so that an item sent to a moved-from object is not lost in silence
};

namespace detail {

template <class T>
class receive_awaiter {
public:
    explicit receive_awaiter(consumer_frame& frame) noexcept : frame_(frame) {}
    receive_awaiter(const receive_awaiter&) = delete;
    receive_awaiter& operator=(const receive_awaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() const {
        using object = std::remove_reference_t<T>;
        auto* const item = static_cast<object*>(frame_.received());
        if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(*item);
        } else if constexpr (std::is_trivially_copyable_v<T> || !std::copy_constructible<T>) {
            return T(std::move(*item));
        } else {
            if (frame_.kind() == item_kind::lvalue) return T(std::as_const(*item));
            return T(std::move(*item));
        }
    }

private:
    consumer_frame& frame_;
};

template <class T>
class consumer_promise final : public consumer_frame {
public:
    explicit consumer_promise(birthplace where = birthplace(__builtin_source_location())) noexcept
        : consumer_frame(where.at()) {}

    consumer<T> get_return_object() noexcept {
        static_assert(alignof(consumer_promise) <= 16, "see consumer_frame");
        return consumer<T>(*this);
    }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    struct final_awaiter {
        final_awaiter() noexcept {}
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<consumer_promise> body) const noexcept {
            body.promise().ended();
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { failed(); }
    void return_void() const noexcept {}

    [[nodiscard]] receive_awaiter<T> await_transform(
        receive_t, place where = __builtin_source_location()) noexcept {
        suspends_at(where);
        return receive_awaiter<T>(*this);
    }
};

}  // namespace detail
}  // namespace weft
