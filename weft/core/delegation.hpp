#pragma once

#include "weft/core/generator_exchange.hpp"

#include <ranges>
#include <string_view>

/// What lies behind `co_yield from(inner)`: the awaiter, and the adapters for inner ranges and for
/// inner generators of other types.
namespace weft::detail {

/// What `from(generator)` carries to `yield_value`: a reference, since a temporary lives to the end
/// of the `co_yield` expression, in the frame of the outer generator. `Inner` is a reference type
/// for an lvalue, which another relay may have to borrow.
template <class Inner>
class from_generator {
public:
    explicit from_generator(std::remove_reference_t<Inner>& inner) noexcept : inner_(inner) {}
    [[nodiscard]] std::remove_reference_t<Inner>& get() const noexcept { return inner_; }

private:
    std::remove_reference_t<Inner>& inner_;
};

template <class View>
class from_range {
public:
    explicit from_range(View view) : view_(std::move(view)) {}
    [[nodiscard]] View take() && { return std::move(view_); }

private:
    View view_;
};

template <class>
struct generator_arguments;
template <class Yield, class Send, class Return>
struct generator_arguments<generator<Yield, Send, Return>> {
    using yield = Yield;
    using send = Send;
    using result = Return;
};

[[noreturn, gnu::cold]] WEFT_EXPORT void throw_range_cannot_receive();
[[noreturn, gnu::cold]] WEFT_EXPORT void throw_no_result_from();

/// Whether an `Item` can be handed out as it is, by reference, without making a value of it.
template <class Yield, class Item>
inline constexpr bool yields_in_place =
    std::is_lvalue_reference_v<Item> && std::is_lvalue_reference_v<Yield> &&
    std::is_convertible_v<std::remove_reference_t<Item>*, std::remove_reference_t<Yield>*>;

/// Yields the elements of a range. Sending a value to it is an error in the one that delegates, as
/// it is in Python for an iterator without `send`.
template <class Yield, class Send, class View>
generator<Yield, Send, void> relay_range(View range) {
    for (auto&& item : range) {
        if constexpr (yields_in_place<Yield, decltype(item)>) {
            const relayed<Yield> out(std::addressof(item));
            void* const sent = co_yield out;
            if (sent != nullptr) throw_range_cannot_receive();
        } else {
            typename yield_types<Yield>::value value(std::forward<decltype(item)>(item));
            const relayed<Yield> out(std::addressof(value));
            void* const sent = co_yield out;
            if (sent != nullptr) throw_range_cannot_receive();
        }
    }
}

/// Drives a generator of other types by its public interface, both ways.
template <class Yield, class Send, class Inner>
generator<Yield, Send, typename generator_arguments<std::remove_cvref_t<Inner>>::result>
relay_generator(Inner inner) {
    using arguments = generator_arguments<std::remove_cvref_t<Inner>>;
    auto item = inner.next();
    while (item) {
        void* sent = nullptr;
        std::exception_ptr thrown;
        try {
            if constexpr (std::is_void_v<Yield>) {
                const relayed<Yield> out(nullptr);
                void* const got = co_yield out;  // g++ 12 crashes on an assignment here.
                sent = got;
            } else if constexpr (yields_in_place<Yield, typename arguments::yield>) {
                const relayed<Yield> out(std::addressof(*item));
                void* const got = co_yield out;  // g++ 12 crashes on an assignment here.
                sent = got;
            } else {
                typename yield_types<Yield>::value value(*std::move(item));
                const relayed<Yield> out(std::addressof(value));
                void* const got = co_yield out;  // g++ 12 crashes on an assignment here.
                sent = got;
            }
        } catch (const generator_exit&) {
            inner.close();
            throw;
        } catch (...) {
            thrown = std::current_exception();
        }
        if (thrown) {
            item = inner.throw_(thrown);
        } else if (sent == nullptr) {
            item = inner.next();
        } else if constexpr (std::is_void_v<typename arguments::send>) {
            throw_range_cannot_receive();
        } else {
            using value = std::remove_reference_t<Send>;
            item = inner.send(static_cast<Send&&>(*static_cast<value*>(sent)));
        }
    }
    if constexpr (!std::is_void_v<typename arguments::result>) co_return inner.result();
}

template <class Yield, class Send, class Inner>
using relay_of =
    generator<Yield, Send, typename generator_arguments<std::remove_cvref_t<Inner>>::result>;

/// Two generators of which one may delegate to the other without an adapter: what they exchange has
/// the same representation.
template <class Yield, class Send, class Inner>
inline constexpr bool delegates_directly =
    std::same_as<Yield, typename generator_arguments<std::remove_cvref_t<Inner>>::yield> &&
    std::same_as<Send, typename generator_arguments<std::remove_cvref_t<Inner>>::send>;

/// Awaits the end of a delegation to `inner`.
template <class Inner>
class from_awaiter {
    using result = typename generator_arguments<Inner>::result;

public:
    from_awaiter(generator_frame& outer, Inner& inner, place where) noexcept
        : link_(outer, inner, where) {}
    from_awaiter(const from_awaiter&) = delete;
    from_awaiter& operator=(const from_awaiter&) = delete;
    ~from_awaiter() = default;

    /// Ready when there is nothing to delegate to. Throws when `inner` is running, itself included.
    [[nodiscard]] bool await_ready() {
        const generator_frame* const frame = link_.inner->frame_;
        if (frame != nullptr && frame->created()) [[likely]]
            return false;
        if (inner().is_over()) return true;
        generator_frame::check_delegable(frame);
        return false;
    }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept {
        return generator_frame::delegate(link_);
    }
    result await_resume() {
        if (link_.closing || link_.inner->frame_ != nullptr) {
            generator_frame::undelegate(link_);
            inner().finish_quietly();
        }
        if constexpr (!std::is_void_v<result>) {
            if (inner().end_ != generator_handle::ending::returned) throw_no_result_from();
            return inner().result();
        }
    }

private:
    [[nodiscard]] Inner& inner() noexcept { return static_cast<Inner&>(*link_.inner); }

    delegation link_;
};

/// The same through an adapter, which it holds.
template <class Relay>
class from_relay_awaiter {
public:
    from_relay_awaiter(generator_frame& outer, Relay&& relay, place where) noexcept
        : relay_(std::move(relay)), awaiter_(outer, relay_, where) {}
    from_relay_awaiter(const from_relay_awaiter&) = delete;
    from_relay_awaiter& operator=(const from_relay_awaiter&) = delete;
    ~from_relay_awaiter() = default;

    [[nodiscard]] bool await_ready() { return awaiter_.await_ready(); }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> outer) noexcept {
        return awaiter_.await_suspend(outer);
    }
    decltype(auto) await_resume() { return awaiter_.await_resume(); }

private:
    Relay relay_;
    from_awaiter<Relay> awaiter_;
};

}  // namespace weft::detail
