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

public:
    // The default argument is evaluated in the coroutine's ramp: it names the user's function.
    explicit generator_promise(birthplace where = birthplace(__builtin_source_location())) noexcept
        : generator_result<Return>(where.at()) {}

    generator<Yield, Send, Return> get_return_object() noexcept {
        static_assert(alignof(generator_promise) <= 16, "see generator_frame");
        return generator<Yield, Send, Return>(*this);
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

    /// A body that ended for a delegation, without a result, goes on and destroys its frame; others
    /// wait for their holder. (All of it needs the handle, not `this`: a pointer that is kept from
    /// before costs every resume a saved register.)
    struct final_awaiter {
        final_awaiter() noexcept {}
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<generator_promise> body) const noexcept {
            if (std::is_void_v<Return> && body.promise().ended_quietly()) return false;
            body.promise().ended();
            return true;
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { this->failed(); }

    /// `co_yield x` of a small trivial value.
    template <class Value = typename types::value>
        requires(yields_by_value<Yield>)
    [[nodiscard]] yield_awaiter<Send> yield_value(
        std::type_identity_t<Value> value, place where = __builtin_source_location()) noexcept {
        this->yielded(value, where);
        return yield_awaiter<Send>(*this);
    }

    /// `co_yield x` where `x` is, or converts to, what the generator hands out: no copy is made.
    template <class Reference = typename types::reference>
        requires(!std::is_void_v<Reference> && !yields_by_value<Yield>)
    [[nodiscard]] yield_awaiter<Send> yield_value(
        std::type_identity_t<Reference> value, place where = __builtin_source_location()) noexcept {
        this->yielded(address_of(value), where);
        return yield_awaiter<Send>(*this);
    }

    /// `co_yield lvalue` where the generator hands out rvalues: a copy, which the receiver may
    /// keep.
    template <class Value = typename types::value>
        requires(std::is_rvalue_reference_v<typename types::reference> && !yields_by_value<Yield> &&
                 std::constructible_from<Value, const Value&>)
    [[nodiscard]] yield_copy_awaiter<Value, Send> yield_value(
        const std::type_identity_t<Value>& value, place where = __builtin_source_location()) {
        return yield_copy_awaiter<Value, Send>(*this, value, where);
    }

    /// `co_yield nothing`.
    [[nodiscard]] yield_awaiter<Send> yield_value(
        nothing_t, place where = __builtin_source_location()) noexcept {
        static_assert(std::is_void_v<Yield>,
                      "co_yield nothing: only a generator<void, ...> yields nothing");
        this->yielded(static_cast<void*>(nullptr), where);
        return yield_awaiter<Send>(*this);
    }

    /// `co_yield from(inner)`.
    template <class Inner>
    [[nodiscard]] auto yield_value(from_generator<Inner> inner,
                                   place where = __builtin_source_location()) {
        if constexpr (delegates_directly<Yield, Send, Inner>)
            return from_awaiter<std::remove_reference_t<Inner>>(*this, inner.get(), where);
        else
            return from_relay_awaiter<relay_of<Yield, Send, Inner>>(
                *this, relay_generator<Yield, Send, Inner>(std::forward<Inner>(inner.get())),
                where);
    }
    template <class View>
    [[nodiscard]] auto yield_value(from_range<View> range,
                                   place where = __builtin_source_location()) {
        return from_relay_awaiter<generator<Yield, Send, void>>(
            *this, relay_range<Yield, Send>(std::move(range).take()), where);
    }

    [[nodiscard]] relay_awaiter<Send> yield_value(
        relayed<Yield> value, place where = __builtin_source_location()) noexcept {
        if constexpr (yields_by_value<Yield>)
            this->yielded(*value.value(), where);
        else if constexpr (std::is_void_v<Yield>)
            this->yielded(static_cast<void*>(nullptr), where);
        else
            this->yielded(address_of(*value.value()), where);
        return relay_awaiter<Send>(*this);
    }

    /// A generator waits for its resumer only; what else there is to await needs a task.
    template <class Awaitable>
    void await_transform(Awaitable&&) = delete;
};

}  // namespace weft::detail
