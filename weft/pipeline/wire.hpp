#pragma once

#include "weft/base/export.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

/// How items cross to another process.
namespace weft {

/// An item that arrived is not what `wire` wrote: shorter than it says, or a number out of range.
class WEFT_EXPORT wire_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~wire_error() override;
};

/// The bytes of an item on the other side.
class WEFT_EXPORT wire_reader {
public:
    explicit wire_reader(std::string_view bytes) noexcept : left_(bytes) {}
    /// The next `n` bytes; `wire_error` when there are fewer.
    [[nodiscard]] std::string_view take(std::uint64_t n) {
        if (n > left_.size()) [[unlikely]]
            refuse(n);
        const std::string_view bytes = left_.substr(0, static_cast<std::size_t>(n));
        left_.remove_prefix(static_cast<std::size_t>(n));
        return bytes;
    }
    [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }

private:
    [[noreturn, gnu::cold]] void refuse(std::uint64_t n) const;
    std::string_view left_;
};

/// How a `T` is written and read, between two processes of one program (one was forked from the
/// other, so the layout of types is the same). There are forms for
///
/// - trivially copyable types, which are copied as they are;
/// - `std::string`, `std::string_view` (what is read is a view of the buffer, valid while the
///   consumer uses the item), containers of what crosses, `std::pair`, `std::tuple`,
///   `std::optional`, `std::variant`;
/// - types of yours, when you name their members, or write the three functions:
///
/// ```cpp run
/// #include <weft/pipeline/wire.hpp>
/// struct bus {
///     int route = 0;
///     std::string direction;
/// };
/// template <>
/// struct weft::wire<bus> : weft::wire_members<bus, &bus::route, &bus::direction> {};
/// int main() {
///     std::string bytes(weft::wire<bus>::size(bus()), ' ');
///     weft::wire<bus>::put(bytes.data(), bus());
///     weft::wire_reader from(bytes);
///     return weft::wire<bus>::get(from).route;
/// }
/// ```
///
/// - `size(item)`: how many bytes it takes; `put(to, item)`: writes as many, returns their end;
///   `get(from)`: reads one. `get` throws `wire_error`.
template <class T>
struct wire;

namespace detail {

template <class T>
inline constexpr bool is_borrowed_memory = false;
template <class T, std::size_t N>
inline constexpr bool is_borrowed_memory<std::span<T, N>> = true;
template <class T>
inline constexpr bool is_borrowed_memory<std::reference_wrapper<T>> = true;

template <class T>
concept wire_bytes = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> &&
                     !std::is_member_pointer_v<T> && !is_borrowed_memory<T>;
template <class T>
concept wire_container =
    std::ranges::forward_range<const T> && std::default_initializable<T> &&
    requires(T& to, typename T::value_type& item) { to.insert(to.end(), std::move(item)); };

/// A pair in a map has a key that nobody may assign to.
template <class T>
struct readable {
    using type = T;
};
template <class Key, class Value>
struct readable<std::pair<const Key, Value>> {
    using type = std::pair<Key, Value>;
};

template <class T>
char* put_bytes(char* to, const T& item) noexcept {
    std::memcpy(to, std::addressof(item), sizeof(T));
    return to + sizeof(T);
}
template <class T>
[[nodiscard]] T get_bytes(wire_reader& from) {
    alignas(T) std::array<std::byte, sizeof(T)> bytes;
    const std::string_view sent = from.take(bytes.size());
    std::copy_n(sent.begin(), sent.size(), reinterpret_cast<char*>(bytes.data()));
    return std::bit_cast<T>(bytes);
}
/// How many there are of something.
using wire_count = std::uint64_t;

}  // namespace detail

template <class T>
struct wire {
    static_assert(detail::wire_bytes<T>,
                  "weft::wire: this type cannot cross to another process as it is. Name its "
                  "members: template <> struct weft::wire<T> : weft::wire_members<T, &T::a, "
                  "&T::b> {}; or write size(), put() and get() in a specialisation. Pointers and "
                  "std::span mean nothing there: send what they refer to");

    [[nodiscard]] static constexpr std::size_t size(const T&) noexcept { return sizeof(T); }
    static char* put(char* to, const T& item) noexcept { return detail::put_bytes(to, item); }
    [[nodiscard]] static T get(wire_reader& from) { return detail::get_bytes<T>(from); }
};

/// The form of a type with these members. `T` is default constructible.
template <class T, auto... Members>
struct wire_members {
    template <auto Member>
    using form = wire<std::remove_cvref_t<decltype(std::declval<T&>().*Member)>>;

    [[nodiscard]] static std::size_t size(const T& item) {
        return (std::size_t{0} + ... + form<Members>::size(item.*Members));
    }
    static char* put(char* to, const T& item) {
        ((to = form<Members>::put(to, item.*Members)), ...);
        return to;
    }
    [[nodiscard]] static T get(wire_reader& from) {
        T item{};
        ((item.*Members = form<Members>::get(from)), ...);
        return item;
    }
};

template <>
struct wire<std::string_view> {
    [[nodiscard]] static std::size_t size(std::string_view text) noexcept {
        return sizeof(detail::wire_count) + text.size();
    }
    static char* put(char* to, std::string_view text) noexcept {
        to = detail::put_bytes(to, detail::wire_count{text.size()});
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        return to + text.size();
    }
    [[nodiscard]] static std::string_view get(wire_reader& from) {
        return from.take(detail::get_bytes<detail::wire_count>(from));
    }
};
template <>
struct wire<std::string> : wire<std::string_view> {
    [[nodiscard]] static std::string get(wire_reader& from) {
        return std::string(wire<std::string_view>::get(from));
    }
};

template <detail::wire_container T>
    requires(!detail::wire_bytes<T>)
struct wire<T> {
    using item_type = typename detail::readable<typename T::value_type>::type;
    using form = wire<item_type>;

    [[nodiscard]] static std::size_t size(const T& items) {
        std::size_t bytes = sizeof(detail::wire_count);
        for (const auto& item : items) bytes += form::size(item);
        return bytes;
    }
    static char* put(char* to, const T& items) {
        to = detail::put_bytes(to, static_cast<detail::wire_count>(std::ranges::distance(items)));
        for (const auto& item : items) to = form::put(to, item);
        return to;
    }
    [[nodiscard]] static T get(wire_reader& from) {
        T items;
        for (auto n = detail::get_bytes<detail::wire_count>(from); n != 0; --n)
            items.insert(items.end(), form::get(from));
        return items;
    }
};

/// Pairs and tuples.
template <template <class...> class Tuple, class... Items>
    requires(!detail::wire_bytes<Tuple<Items...>> &&
             requires { requires std::tuple_size<Tuple<Items...>>::value == sizeof...(Items); })
struct wire<Tuple<Items...>> {
    using type = Tuple<Items...>;

    // By the elements of what is given: a map has pairs with keys that are const.
    template <class Given>
    [[nodiscard]] static std::size_t size(const Given& items) {
        return std::apply(
            [](const auto&... each) { return (std::size_t{0} + ... + wire<Items>::size(each)); },
            items);
    }
    template <class Given>
    static char* put(char* to, const Given& items) {
        std::apply([&to](const auto&... each) { ((to = wire<Items>::put(to, each)), ...); }, items);
        return to;
    }
    [[nodiscard]] static type get(wire_reader& from) {
        return type{wire<Items>::get(from)...};  // In braces: from left to right.
    }
};

template <class T>
    requires(!detail::wire_bytes<std::optional<T>>)
struct wire<std::optional<T>> {
    [[nodiscard]] static std::size_t size(const std::optional<T>& item) {
        return 1 + (item ? wire<T>::size(*item) : 0);
    }
    static char* put(char* to, const std::optional<T>& item) {
        *to++ = static_cast<char>(item.has_value());
        return item ? wire<T>::put(to, *item) : to;
    }
    [[nodiscard]] static std::optional<T> get(wire_reader& from) {
        if (from.take(1)[0] == 0) return std::nullopt;
        return wire<T>::get(from);
    }
};

template <class... Items>
    requires(!detail::wire_bytes<std::variant<Items...>>)
struct wire<std::variant<Items...>> {
    using type = std::variant<Items...>;

    [[nodiscard]] static std::size_t size(const type& item) {
        return 1 + std::visit([]<class T>(const T& one) { return wire<T>::size(one); }, item);
    }
    static char* put(char* to, const type& item) {
        static_assert(sizeof...(Items) < 128);
        *to++ = static_cast<char>(item.index());
        return std::visit([to]<class T>(const T& one) { return wire<T>::put(to, one); }, item);
    }
    [[nodiscard]] static type get(wire_reader& from) {
        return get_at<0>(from, static_cast<std::size_t>(from.take(1)[0]));
    }

private:
    template <std::size_t I>
    static type get_at(wire_reader& from, std::size_t index) {
        if constexpr (I < sizeof...(Items)) {
            if (index == I)
                return type(std::in_place_index<I>,
                            wire<std::variant_alternative_t<I, type>>::get(from));
            return get_at<I + 1>(from, index);
        } else {
            throw wire_error("weft::wire: a variant has fewer alternatives than the item says");
        }
    }
};

}  // namespace weft
