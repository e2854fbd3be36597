#pragma once

#include "weft/base/error.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

/// What `next()`, `send()` and `throw_()` give back: the value that the generator yielded, or
/// nothing when it has ended. As small as a pointer, used like a `std::optional`:
///
/// ```cpp
/// weft::generator<int> count(int n) { while (n > 0) co_yield n--; }
///
/// int sum() {
///     auto numbers = count(3);
///     int total = 0;
///     while (auto n = numbers.next()) total += *n;
///     return total;
/// }
/// ```
///
/// It refers to the value inside the suspended generator: it is valid until the generator is
/// resumed or destroyed. `Yield` is the generator's first argument: for an object type,
/// `*std::move(y)` and `*g.next()` give an rvalue, so that the value can be moved out; for a
/// reference type, that reference.
template <class Yield>
class yielded {
public:
    using reference = std::conditional_t<std::is_reference_v<Yield>, Yield, Yield&&>;
    using object = std::remove_reference_t<Yield>;

    constexpr yielded() noexcept = default;
    constexpr explicit yielded(object* value) noexcept : value_(value) {}

    [[nodiscard]] constexpr bool has_value() const noexcept { return value_ != nullptr; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

    /// REQUIRES: `has_value()`; `value()` checks it.
    [[nodiscard]] constexpr object& operator*() const& noexcept { return *value_; }
    [[nodiscard]] constexpr reference operator*() && noexcept {
        return static_cast<reference>(*value_);
    }
    [[nodiscard]] constexpr object* operator->() const noexcept { return value_; }

    [[nodiscard]] constexpr object& value() const& { return *checked(); }
    [[nodiscard]] constexpr reference value() && { return static_cast<reference>(*checked()); }
    template <class Default>
    [[nodiscard]] constexpr std::remove_cv_t<object> value_or(Default&& otherwise) && {
        if (has_value()) return static_cast<reference>(*value_);
        return static_cast<std::remove_cv_t<object>>(std::forward<Default>(otherwise));
    }
    template <class Default>
    [[nodiscard]] constexpr std::remove_cv_t<object> value_or(Default&& otherwise) const& {
        if (has_value()) return *value_;
        return static_cast<std::remove_cv_t<object>>(std::forward<Default>(otherwise));
    }

    [[nodiscard]] friend constexpr bool operator==(const yielded& a, std::nullopt_t) noexcept {
        return !a.has_value();
    }
    /// Equal when it holds a value and that value is equal.
    template <class Other>
        requires(!std::same_as<Other, yielded> && !std::same_as<Other, std::nullopt_t> &&
                 !std::same_as<Other, std::nullptr_t>) &&
                requires(const object& a, const Other& b) {
                    { a == b } -> std::convertible_to<bool>;
                }
    [[nodiscard]] friend constexpr bool operator==(const yielded& a, const Other& b) {
        return a.has_value() && *a == b;
    }

private:
    constexpr object* checked() const {
        if (value_ == nullptr)
            throw usage_error("yielded::value(): the generator has ended and yielded nothing; test "
                              "the result of next() or send() before using it");
        return value_;
    }

    object* value_ = nullptr;
};

/// What a `generator<void, …>` gives back: whether it is suspended at a `co_yield nothing` again.
template <>
class yielded<void> {
public:
    constexpr yielded() noexcept = default;
    constexpr explicit yielded(void* value) noexcept : value_(value) {}

    [[nodiscard]] constexpr bool has_value() const noexcept { return value_ != nullptr; }
    constexpr explicit operator bool() const noexcept { return has_value(); }

private:
    void* value_ = nullptr;
};

}  // namespace weft
