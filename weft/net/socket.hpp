#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/driver.hpp"
#include "weft/io/owned_descriptor.hpp"
#include "weft/net/address.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

/// What all sockets have in common: who owns them, where they are, their options.
namespace weft {
namespace detail {

/// The sockets of this thread's loop. `attempt` is for the text of the `usage_error`.
[[nodiscard]] WEFT_EXPORT socket_calls& this_sockets(const char* attempt);
/// Throws the error that `result` is, if it is one.
WEFT_EXPORT void check_socket(int result, const char* attempt, const address& at = address());

}  // namespace detail

/// An open socket, closed when it is destroyed. One thread, the loop's on which it was opened;
/// options and addresses throw `std::system_error`.
class WEFT_EXPORT socket_handle : public owned_descriptor {
public:
    using owned_descriptor::owned_descriptor;

    /// Where it is bound to, and where its peer is.
    [[nodiscard]] address local_address() const;
    [[nodiscard]] address peer_address() const;

    /// In bytes, of the kernel's buffers (SO_RCVBUF, SO_SNDBUF). Linux doubles what is set, for its
    /// bookkeeping, and that is what it then says.
    void set_receive_buffer(std::size_t bytes) const;
    [[nodiscard]] std::size_t receive_buffer() const;
    void set_send_buffer(std::size_t bytes) const;
    [[nodiscard]] std::size_t send_buffer() const;

    /// Any other option (socket(7), tcp(7), ip(7)) whose value is a number.
    void set_option(int level, int name, int value) const;
    [[nodiscard]] int option(int level, int name) const;
    void set_option(int level, int name, const void* value, std::size_t size) const;

    /// The error that is pending, which this takes away (SO_ERROR); 0: none.
    [[nodiscard]] std::error_code pending_error() const;
};

}  // namespace weft
