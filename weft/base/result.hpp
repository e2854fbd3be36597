#pragma once

#include "weft/base/export.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

/// A value, or the error there is instead.
namespace weft {
namespace detail {

[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_null_error();

}  // namespace detail

/// A value, or the error that there is instead: what a computation came to, without throwing.
///
/// ```cpp
/// inline int or_zero(const weft::result<int>& r) {
///     if (!r) return 0;  // r.error() says why
///     return *r;
/// }
/// ```
///
/// `std::expected<T, std::exception_ptr>` in the main: C++20 has none. `T` may be `void` or a
/// reference. Any thread, as with any value.
template <class T>
class [[nodiscard]] result {
    using kept = std::conditional_t<std::is_reference_v<T>,
                                    std::reference_wrapper<std::remove_reference_t<T>>, T>;

public:
    using value_type = T;

    template <class U = T>
        requires(std::is_constructible_v<kept, U &&> &&
                 !std::is_same_v<std::remove_cvref_t<U>, result> &&
                 !std::is_same_v<std::remove_cvref_t<U>, std::exception_ptr>)
    result(U&& value) : value_(std::in_place, std::forward<U>(value)) {}
    /// Throws `usage_error` when it is null.
    result(std::exception_ptr error) : error_(std::move(error)) {
        if (!error_) detail::refuse_null_error();
    }

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    /// Null when there is a value.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

    /// The value, or throws the error.
    [[nodiscard]] std::add_lvalue_reference_t<T> value() & {
        rethrow_error();
        return *value_;  // NOLINT(bugprone-unchecked-optional-access): there is no error
    }
    [[nodiscard]] std::add_lvalue_reference_t<const T> value() const& {
        rethrow_error();
        return *value_;  // NOLINT(bugprone-unchecked-optional-access): there is no error
    }
    [[nodiscard]] T value() && {
        rethrow_error();
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): there is no error
        return static_cast<T>(std::move(*value_));
    }
    [[nodiscard]] std::add_lvalue_reference_t<T> operator*() & { return value(); }
    [[nodiscard]] std::add_lvalue_reference_t<const T> operator*() const& { return value(); }
    [[nodiscard]] T operator*() && { return std::move(*this).value(); }
    [[nodiscard]] auto operator->() { return &value(); }
    [[nodiscard]] auto operator->() const { return &value(); }
    template <class U>
    [[nodiscard]] T value_or(U&& otherwise) const& {
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it has been looked at
        return has_value() ? static_cast<T>(*value_) : static_cast<T>(std::forward<U>(otherwise));
    }
    template <class U>
    [[nodiscard]] T value_or(U&& otherwise) && {
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it has been looked at
        return has_value() ? static_cast<T>(std::move(*value_))
                           : static_cast<T>(std::forward<U>(otherwise));
    }

private:
    void rethrow_error() const {
        if (error_) [[unlikely]]
            std::rethrow_exception(error_);
    }

    std::optional<kept> value_;
    std::exception_ptr error_;
};

template <>
class [[nodiscard]] result<void> {
public:
    using value_type = void;

    result() noexcept = default;
    result(std::exception_ptr error) : error_(std::move(error)) {
        if (!error_) detail::refuse_null_error();
    }

    [[nodiscard]] bool has_value() const noexcept { return error_ == nullptr; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    /// Throws the error, if there is one.
    void value() const {
        if (error_) [[unlikely]]
            std::rethrow_exception(error_);
    }

private:
    std::exception_ptr error_;
};

}  // namespace weft
