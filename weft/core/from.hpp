#pragma once

#include "weft/core/delegation.hpp"
#include "weft/core/generator.hpp"

#include <string_view>

/// `co_yield from(inner)`: delegation, Python's `yield from` (PEP 380). Included by generator.hpp.
namespace weft {

/// `r = co_yield from(inner)`: yields all that `inner` yields, in place; what is sent or thrown to
/// the outer generator goes to `inner`, `close()` closes it first, and `r` is its return value.
/// Resuming costs the same at any depth. `inner` goes on where it stands; a temporary lives as long
/// as the delegation, a variable may outlive it.
///
/// ```cpp
/// weft::generator<int> inner() { co_yield 1; co_yield 2; }
/// weft::generator<int> outer() {
///     co_yield from(inner());
///     const std::vector more{3, 4};  // not inside the co_yield: g++ 12 cannot compile that
///     co_yield weft::from(more);
/// }
/// ```
///
/// Throws `already_executing` when `inner` is running or delegated to elsewhere.
template <class Yield, class Send, class Return>
[[nodiscard]] auto from(generator<Yield, Send, Return>&& inner) noexcept {
    return detail::from_generator<generator<Yield, Send, Return>>(inner);
}
template <class Yield, class Send, class Return>
[[nodiscard]] auto from(generator<Yield, Send, Return>& inner) noexcept {
    return detail::from_generator<generator<Yield, Send, Return>&>(inner);
}

/// The elements of any input range; a temporary container is kept for as long as it lasts. Sending
/// to it is a `usage_error` in the generator that delegates.
template <std::ranges::input_range Range>
    requires(!detail::is_generator<std::remove_cvref_t<Range>>)
[[nodiscard]] auto from(Range&& range) {
    using view = std::views::all_t<Range>;
    return detail::from_range<view>(std::views::all(std::forward<Range>(range)));
}

/// The characters of a literal, without the null at its end.
template <std::size_t N>
[[nodiscard]] auto from(const char (&text)[N]) {
    return detail::from_range<std::string_view>(std::string_view(text, N - 1));
}

/// C++23's name for `from`.
template <class Inner>
[[nodiscard]] auto elements_of(Inner&& inner) {
    return from(std::forward<Inner>(inner));
}

}  // namespace weft
