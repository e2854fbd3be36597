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
                sent = co_yield out;
            } else if constexpr (yields_in_place<Yield, typename arguments::yield>) {
                const relayed<Yield> out(std::addressof(*item));
                sent = co_yield out;
            } else {
                typename yield_types<Yield>::value value(*std::move(item));
                const relayed<Yield> out(std::addressof(value));
                sent = co_yield out;
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

/// Awaits the end of a delegation; lies in the frame of the outer generator. `Held` is a reference
/// to the inner generator, or an adapter that drives something else.
template <class Held>
class from_awaiter {
    using inner_type = std::remove_reference_t<Held>;
    using result = typename generator_arguments<inner_type>::result;

public:
    from_awaiter(generator_frame& outer, Held&& inner) noexcept
        : outer_(outer), inner_(std::forward<Held>(inner)) {}
    from_awaiter(const from_awaiter&) = delete;
    from_awaiter& operator=(const from_awaiter&) = delete;
    ~from_awaiter() = default;

    /// Ready when there is nothing to delegate to. Throws when `inner` is running, itself included.
    [[nodiscard]] bool await_ready() {
        if (inner_.frame_ == nullptr || inner_.frame_->done()) [[unlikely]]
            return inner_.is_over();
        generator_frame::check_delegable(inner_.frame_);
        return false;
    }
    void await_suspend(std::coroutine_handle<>) noexcept {
        link_.inner = &inner_.frame_;
        outer_.delegate_to(link_);
    }
    result await_resume() {
        if (link_.inner != nullptr) [[likely]] {
            outer_.undelegate(link_);
            inner_.finish_quietly();
        }
        if constexpr (!std::is_void_v<result>) {
            if (inner_.end_ != inner_type::ending::returned) throw_no_result_from();
            return inner_.result();
        }
    }

private:
    generator_frame& outer_;
    Held inner_;
    delegation link_;
};

}  // namespace weft::detail
