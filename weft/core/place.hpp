#pragma once

#include <bit>
#include <source_location>

/// Places in the source, in one word: what coroutines note of where they are suspended.
namespace weft::detail {

/// A compiler's own `std::source_location`: one pointer to static data, and null without one. As a
/// default argument, `place at = __builtin_source_location()`, it is the place of the call.
using place = decltype(__builtin_source_location());

/// A place as the parameter of a promise's constructor. Compilers try that with the coroutine's own
/// arguments first, and a `place` may be a `const void*`, which any pointer would pass for.
class birthplace {
public:
    explicit birthplace(place at) noexcept : at_(at) {}
    [[nodiscard]] place at() const noexcept { return at_; }

private:
    place at_;
};

/// libstdc++'s `source_location` holds just that word.
[[nodiscard]] inline std::source_location location_at(place where) noexcept {
    static_assert(sizeof(std::source_location) == sizeof(place));
    return std::bit_cast<std::source_location>(where);
}

[[nodiscard]] inline place place_of(std::source_location where) noexcept {
    return std::bit_cast<place>(where);
}

}  // namespace weft::detail
