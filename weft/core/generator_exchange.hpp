#pragma once

#include "weft/core/generator_frame.hpp"

#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

/// `co_yield nothing` in a `generator<void, …>`: only receives.
struct nothing_t {
    explicit constexpr nothing_t() noexcept = default;
};
inline constexpr nothing_t nothing{};

template <class Yield, class Send = void, class Return = void>
class generator;

/// What crosses between a generator's body and its resumer: what is yielded, sent and returned.
namespace detail {

template <class T>
inline constexpr bool is_generator = false;
template <class Yield, class Send, class Return>
inline constexpr bool is_generator<generator<Yield, Send, Return>> = true;

/// Keeps a return value until it is taken. References as pointers; what is aligned above 16 bytes
/// on the heap, since a promise must not be (see `generator_frame`).
template <class T>
class result_box {
public:
    template <class U>
    void put(U&& value) {
        if constexpr (std::is_reference_v<T>)
            value_ = std::addressof(value);
        else if constexpr (on_heap)
            value_ = std::make_unique<T>(std::forward<U>(value));
        else
            value_.emplace(std::forward<U>(value));
    }
    [[nodiscard]] bool has() const noexcept { return static_cast<bool>(value_); }
    T take() {
        if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(*std::exchange(value_, nullptr));
        } else {
            T value(std::move(*value_));
            value_.reset();
            return value;
        }
    }

private:
    static constexpr bool on_heap = alignof(std::remove_reference_t<T>) > 16;
    using storage = std::conditional_t<
        std::is_reference_v<T>, std::remove_reference_t<T>*,
        std::conditional_t<on_heap, std::unique_ptr<std::remove_cvref_t<T>>, std::optional<T>>>;
    storage value_{};
};

template <class Yield>
struct yield_types {
    using value = std::remove_cvref_t<Yield>;
    using reference = std::conditional_t<std::is_reference_v<Yield>, Yield, Yield&&>;
    using object = std::remove_reference_t<reference>;
};
template <>
struct yield_types<void> {
    using value = void;
    using reference = void;
    using object = void;
};

/// The value of a `co_yield` that has been resumed.
template <class Send>
Send received_by(generator_frame& frame);

/// `co_yield x`: leaves the address of the value with the root and suspends.
template <class Send>
class yield_awaiter {
public:
    yield_awaiter(generator_frame& frame, void* value) noexcept : frame_(frame), value_(value) {}
    yield_awaiter(const yield_awaiter&) = delete;
    yield_awaiter& operator=(const yield_awaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept { frame_.yielded(value_); }
    Send await_resume() const { return received_by<Send>(frame_); }

private:
    generator_frame& frame_;
    void* value_;
};

/// The same for a value that must be copied because the generator hands out rvalues.
template <class Value, class Send>
class yield_copy_awaiter {
public:
    yield_copy_awaiter(generator_frame& frame, const Value& value) : frame_(frame), copy_(value) {}
    yield_copy_awaiter(const yield_copy_awaiter&) = delete;
    yield_copy_awaiter& operator=(const yield_copy_awaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) noexcept { frame_.yielded(std::addressof(copy_)); }
    Send await_resume() const { return received_by<Send>(frame_); }

private:
    generator_frame& frame_;
    Value copy_;
};

[[noreturn, gnu::cold]] WEFT_EXPORT void throw_nothing_sent();

template <class Send>
Send received_by(generator_frame& frame) {
    void* const in = frame.received();
    if constexpr (!std::is_void_v<Send>) {
        if (in != nullptr) [[likely]]
            return static_cast<Send&&>(*static_cast<std::remove_reference_t<Send>*>(in));
        // `next()` sends nothing: the empty value of the type, as None in Python.
        if constexpr (std::is_default_constructible_v<Send>)
            return Send();
        else
            throw_nothing_sent();
    }
}

/// A value yielded by an adapter of our own that wants to know what exactly was sent: `co_yield`
/// gives the pointer to it, or null.
template <class Yield>
class relayed {
public:
    using object = typename yield_types<Yield>::object;
    explicit relayed(object* value) noexcept : value_(value) {}
    [[nodiscard]] object* value() const noexcept { return value_; }

private:
    object* value_;
};

class relay_awaiter {
public:
    relay_awaiter(generator_frame& frame, void* value) noexcept : frame_(frame), value_(value) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept { frame_.yielded(value_); }
    [[nodiscard]] void* await_resume() const { return frame_.received(); }

private:
    generator_frame& frame_;
    void* value_;
};

template <class Yield, class Send, class Return>
class generator_promise;

}  // namespace detail
}  // namespace weft
