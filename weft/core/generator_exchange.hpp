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

/// Whether values are left with the root by themselves, not by their address.
template <class Yield>
inline constexpr bool yields_by_value = false;
template <class Yield>
    requires std::is_object_v<Yield>
inline constexpr bool yields_by_value<Yield> =
    !std::is_const_v<Yield> && std::is_trivially_copyable_v<Yield> &&
    sizeof(Yield) <= sizeof(void*) && alignof(Yield) <= alignof(void*);

template <class T>
[[nodiscard]] void* address_of(T& object) noexcept {
    return const_cast<void*>(static_cast<const void*>(std::addressof(object)));
}

/// Whether values are sent by themselves, not by their address. `next()` then sends a word of
/// zeros.
template <class Send>
inline constexpr bool sends_by_value =
    yields_by_value<Send> && std::is_trivially_default_constructible_v<Send> &&
    !std::is_member_pointer_v<Send>;

/// The value that a root's leaf has left with it.
template <class Yield>
[[nodiscard]] auto* value_in(exchange_word& slot) noexcept {
    if constexpr (yields_by_value<Yield>)
        return slot.template get<Yield>();
    else
        return static_cast<typename yield_types<Yield>::object*>(*slot.template get<void*>());
}

[[noreturn, gnu::cold]] WEFT_EXPORT void throw_nothing_sent();
[[noreturn, gnu::cold]] WEFT_EXPORT void throw_iterator_at_end();

/// The value of a `co_yield` that has been resumed. `frame` is a reference in the awaiter, read
/// after the check for exceptions: so it needs no register that survives a call.
template <class Send>
Send received_by(generator_frame* const& frame) {
    if constexpr (std::is_void_v<Send>) {
        generator_frame::resumed();
    } else if constexpr (sends_by_value<Send>) {
        generator_frame::resumed();
        return *frame->received_word().template get<Send>();
    } else {
        void* const in = frame->received();
        if (in != nullptr) [[likely]]
            return static_cast<Send&&>(*static_cast<std::remove_reference_t<Send>*>(in));
        // `next()` sends nothing: the empty value of the type, as None in Python.
        if constexpr (std::is_default_constructible_v<Send>)
            return Send();
        else
            throw_nothing_sent();
    }
}

/// A `co_yield` whose value is with the root.
template <class Send>
class yield_awaiter {
public:
    explicit yield_awaiter(generator_frame& frame) noexcept : frame_(&frame) {}
    yield_awaiter(const yield_awaiter&) = delete;
    yield_awaiter& operator=(const yield_awaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    Send await_resume() const { return received_by<Send>(frame_); }

private:
    generator_frame* frame_;
};
template <>
class yield_awaiter<void> {
public:
    explicit yield_awaiter(generator_frame&) noexcept {}
    yield_awaiter(const yield_awaiter&) = delete;
    yield_awaiter& operator=(const yield_awaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const { generator_frame::resumed(); }
};

/// A `co_yield` of a copy, because the generator hands out rvalues and got an lvalue.
template <class Value, class Send>
class yield_copy_awaiter {
public:
    yield_copy_awaiter(generator_frame& frame, const Value& value, place where)
        : frame_(&frame), where_(where), copy_(value) {}
    yield_copy_awaiter(const yield_copy_awaiter&) = delete;
    yield_copy_awaiter& operator=(const yield_copy_awaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) noexcept {
        frame_->yielded(address_of(copy_), where_);
    }
    Send await_resume() const { return received_by<Send>(frame_); }

private:
    generator_frame* frame_;
    place where_;
    Value copy_;
};

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

template <class Send>
class relay_awaiter {
public:
    explicit relay_awaiter(generator_frame& frame) noexcept : frame_(frame) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    [[nodiscard]] void* await_resume() const {
        if constexpr (std::is_void_v<Send>) {
            generator_frame::resumed();
            return nullptr;
        } else if constexpr (sends_by_value<Send>) {
            generator_frame::resumed();
            exchange_word& in = frame_.received_word();
            return frame_.was_sent() ? in.template get<Send>() : nullptr;
        } else {
            return frame_.received();
        }
    }

private:
    generator_frame& frame_;
};

template <class Yield, class Send, class Return>
class generator_promise;

}  // namespace detail
}  // namespace weft
