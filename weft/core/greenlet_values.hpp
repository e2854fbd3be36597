#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

/// How values cross from one greenlet to another: one word and a type.
///
/// A value that fits into a word crosses in it. Any other stays where it is, on the stack of its
/// sender, which is suspended until the receiver has moved it out; the word is its address. So
/// nothing is allocated. Several values are a tuple, none is `void`.
namespace weft::detail {

/// What an argument counts as for the receiver.
template <class Arg>
struct greenlet_value : std::decay<Arg> {};
template <std::size_t N>
struct greenlet_value<const char (&)[N]> : std::type_identity<std::string_view> {};

/// What several arguments count as together.
template <class... Args>
struct greenlet_values : std::type_identity<std::tuple<typename greenlet_value<Args>::type...>> {};
template <class Arg>
struct greenlet_values<Arg> : greenlet_value<Arg> {};
template <>
struct greenlet_values<> : std::type_identity<void> {};

template <class T>
concept crosses_in_a_word = std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uintptr_t);

template <class T>
[[nodiscard]] std::uintptr_t word_of(T& value) noexcept {
    if constexpr (crosses_in_a_word<T>) {
        std::uintptr_t word = 0;
        std::memcpy(&word, std::addressof(value), sizeof(T));
        return word;
    } else {
        return reinterpret_cast<std::uintptr_t>(std::addressof(value));
    }
}

/// Moves the value out.
template <class T>
[[nodiscard]] T from_word(std::uintptr_t word) {
    if constexpr (std::is_void_v<T>) {
        return;
    } else if constexpr (crosses_in_a_word<T>) {
        alignas(T) std::byte bytes[sizeof(T)];
        std::memcpy(bytes, &word, sizeof(T));
        return *std::launder(reinterpret_cast<T*>(bytes));
    } else {
        return std::move(*reinterpret_cast<T*>(word));
    }
}

/// What a sender holds while it is suspended: its arguments as the receiver will see them. They are
/// copied or moved here once, so that a copy that throws does so in the sender.
template <class... Args>
class greenlet_parcel {
public:
    using type = typename greenlet_values<Args...>::type;

    explicit greenlet_parcel(Args&&... args) : value_(std::forward<Args>(args)...) {}
    [[nodiscard]] std::uintptr_t word() noexcept { return word_of(value_); }

private:
    type value_;
};
template <>
class greenlet_parcel<> {
public:
    using type = void;
    [[nodiscard]] std::uintptr_t word() const noexcept { return 0; }
};

/// The parameters of a callable that has one signature.
template <class Function>
struct signature_of;
template <class R, class... P>
struct signature_of<R (*)(P...)> {
    using values = greenlet_values<std::remove_cvref_t<P>...>;
};
template <class R, class... P>
struct signature_of<R (*)(P...) noexcept> : signature_of<R (*)(P...)> {};
template <class R, class C, class... P>
struct signature_of<R (C::*)(P...)> : signature_of<R (*)(P...)> {};
template <class R, class C, class... P>
struct signature_of<R (C::*)(P...) const> : signature_of<R (*)(P...)> {};
template <class R, class C, class... P>
struct signature_of<R (C::*)(P...) noexcept> : signature_of<R (*)(P...)> {};
template <class R, class C, class... P>
struct signature_of<R (C::*)(P...) const noexcept> : signature_of<R (*)(P...)> {};

template <class Fn>
concept has_one_signature = requires { &Fn::operator(); } || std::is_pointer_v<Fn>;

template <class Fn>
struct parameters_of;
template <class Fn>
    requires requires { &Fn::operator(); }
struct parameters_of<Fn> : signature_of<decltype(&Fn::operator())> {};
template <class Fn>
    requires std::is_pointer_v<Fn>
struct parameters_of<Fn> : signature_of<Fn> {};
/// Overloaded or generic: fit for a greenlet when it can be called with nothing.
template <class Fn>
    requires(!has_one_signature<Fn> && std::invocable<Fn>)
struct parameters_of<Fn> {
    using values = greenlet_values<>;
};

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;

/// The parameters of several values, one, or none.
template <class Fn>
using parcel_of = typename parameters_of<Fn>::values::type;

}  // namespace weft::detail
