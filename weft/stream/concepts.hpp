#pragma once

#include "weft/core/task.hpp"

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

/// What a byte stream is: anything that has these functions, whatever moves its bytes.
namespace weft {
namespace detail {

template <class X, class Result>
concept gives = awaitable<X> && std::same_as<await_result<X>, Result>;

}  // namespace detail

/// Bytes come out of it. `read_some(into, n)`, awaited, gives how many came, at least one, unless
/// `n` is 0; 0 is the end, and every later call gives it again. One coroutine reads at a time.
template <class S>
concept byte_source = requires(S& s, char* into, std::size_t n) {
    { s.read_some(into, n) } -> detail::gives<std::size_t>;
};

/// Bytes go into it. `write_some(bytes)`, awaited, gives how many of the first it took, at least
/// one, unless there are none. One coroutine writes at a time.
template <class S>
concept byte_sink = requires(S& s, std::string_view bytes) {
    { s.write_some(bytes) } -> detail::gives<std::size_t>;
};

/// Both, independent of each other: one coroutine may read while another one writes.
template <class S>
concept byte_stream = byte_source<S> && byte_sink<S>;

/// It takes several pieces in one call: `write_some(pieces)` gives how many bytes of all of them,
/// taken in their order.
template <class S>
concept gathering_sink = byte_sink<S> && requires(S& s, std::span<const std::string_view> pieces) {
    { s.write_some(pieces) } -> detail::gives<std::size_t>;
};

/// `close_write()` says that no more will come, and leaves the other direction open.
template <class S>
concept half_closing = requires(S& s) { s.close_write(); };

}  // namespace weft
