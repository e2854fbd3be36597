#pragma once

#include "weft/core/delegation.hpp"
#include "weft/core/generator.hpp"

/// The typed half of a generator's promise: what may be yielded, and how. Included by
/// generator.hpp.
namespace weft::detail {

/// The part of the promise that depends on what is returned.
template <class Return>
class generator_result : public generator_frame {
public:
    using generator_frame::generator_frame;
    template <class U = Return>
        requires std::convertible_to<U&&, Return>
    void return_value(U&& value) {
        result_.put(std::forward<U>(value));
    }
    [[nodiscard]] result_box<Return>& result() noexcept { return result_; }

private:
    result_box<Return> result_;
};
template <>
class generator_result<void> : public generator_frame {
public:
    using generator_frame::generator_frame;
    void return_void() const noexcept {}
};

template <class Yield, class Send, class Return>
class generator_promise final : public generator_result<Return> {
    using types = yield_types<Yield>;
    using frame = generator_frame;

public:
    // The default argument is evaluated in the coroutine's ramp: it names the user's function.
    explicit generator_promise(place where = __builtin_source_location()) noexcept
        : generator_result<Return>(where) {}

    generator<Yield, Send, Return> get_return_object() noexcept {
        static_assert(alignof(generator_promise) <= 16, "see generator_frame");
        return generator<Yield, Send, Return>(*this);
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

    struct final_awaiter {
        final_awaiter() noexcept {}
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<generator_promise> body) const noexcept {
            body.promise().ended();
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { this->failed(); }

    /// `co_yield x` where `x` is, or converts to, what the generator hands out: no copy is made.
    template <class Reference = typename types::reference>
        requires(!std::is_void_v<Reference>)
    [[nodiscard]] yield_awaiter<Send> yield_value(
        std::type_identity_t<Reference> value, place where = __builtin_source_location()) noexcept {
        this->suspended_at(where);
        return yield_awaiter<Send>(*this, erase(value));
    }

    /// `co_yield lvalue` where the generator hands out rvalues: a copy, which the receiver may
    /// keep.
    template <class Value = typename types::value>
        requires(std::is_rvalue_reference_v<typename types::reference> &&
                 std::constructible_from<Value, const Value&>)
    [[nodiscard]] yield_copy_awaiter<Value, Send> yield_value(
        const std::type_identity_t<Value>& value, place where = __builtin_source_location()) {
        this->suspended_at(where);
        return yield_copy_awaiter<Value, Send>(*this, value);
    }

    /// `co_yield nothing`.
    [[nodiscard]] yield_awaiter<Send> yield_value(
        nothing_t, place where = __builtin_source_location()) noexcept {
        static_assert(std::is_void_v<Yield>,
                      "co_yield nothing: only a generator<void, ...> yields nothing");
        this->suspended_at(where);
        return yield_awaiter<Send>(*this, static_cast<frame*>(this));
    }

    /// `co_yield from(inner)`.
    template <class Inner>
    [[nodiscard]] auto yield_value(from_generator<Inner> inner,
                                   place where = __builtin_source_location()) noexcept {
        this->suspended_at(where);
        if constexpr (delegates_directly<Yield, Send, Inner>)
            return from_awaiter<Inner&>(*this, inner.get());
        else
            return from_awaiter<relay_of<Yield, Send, Inner>>(
                *this, relay_generator<Yield, Send, Inner>(std::forward<Inner>(inner.get())));
    }
    template <class View>
    [[nodiscard]] auto yield_value(from_range<View> range,
                                   place where = __builtin_source_location()) {
        this->suspended_at(where);
        return from_awaiter<generator<Yield, Send, void>>(
            *this, relay_range<Yield, Send>(std::move(range).take()));
    }

    [[nodiscard]] relay_awaiter yield_value(relayed<Yield> value,
                                            place where = __builtin_source_location()) noexcept {
        this->suspended_at(where);
        if constexpr (std::is_void_v<Yield>)
            return relay_awaiter(*this, static_cast<frame*>(this));
        else
            return relay_awaiter(*this, erase(*value.value()));
    }

    /// A generator waits for its resumer only; what else there is to await needs a task.
    template <class Awaitable>
    void await_transform(Awaitable&&) = delete;

private:
    template <class T>
    static void* erase(T& object) noexcept {
        return const_cast<void*>(static_cast<const void*>(std::addressof(object)));
    }
};

}  // namespace weft::detail
