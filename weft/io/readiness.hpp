#pragma once

#include "weft/core/operation_awaiter.hpp"

/// Waiting for any descriptor, also one that weft knows nothing of.
namespace weft {

/// Awaited, returns when a read of `descriptor` would not block: there is data, an end, or an
/// error. Several coroutines may wait for one descriptor: all are woken. One that is closed, by
/// `close_descriptor`, wakes its waiters with `EBADF` (`std::system_error`).
///
/// ```cpp
/// #include <unistd.h>
/// weft::task<long> read_when_ready(int descriptor, char* bytes, std::size_t n) {
///     co_await weft::wait_readable(descriptor);
///     co_return ::read(descriptor, bytes, n);
/// }
/// ```
[[nodiscard]] inline auto wait_readable(int descriptor) noexcept {
    return detail::operation_awaiter(operation_code::readable, descriptor, nullptr, 0);
}
/// The same for a write.
[[nodiscard]] inline auto wait_writable(int descriptor) noexcept {
    return detail::operation_awaiter(operation_code::writable, descriptor, nullptr, 0);
}

/// Closes a descriptor that coroutines of this loop may wait for. Throws `std::system_error`.
WEFT_EXPORT void close_descriptor(int descriptor);

}  // namespace weft
