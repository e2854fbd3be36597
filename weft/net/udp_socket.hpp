#pragma once

#include "weft/base/export.hpp"
#include "weft/net/socket.hpp"
#include "weft/net/socket_operations.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

/// Datagrams.
namespace weft {

/// What `udp_socket::receive_from` gives.
class WEFT_EXPORT datagram {
public:
    datagram(std::size_t n, const address& whence, bool cut) noexcept
        : size(n), from(whence), is_truncated(cut) {}

    std::size_t size;  ///< bytes in the buffer; 0 is an empty datagram, not an end
    address from;
    bool is_truncated;  ///< the buffer was too small: the rest is lost
};

namespace detail {

/// A message header with one part and an address. Does not move.
class WEFT_EXPORT datagram_operation : public operation_waiter {
protected:
    datagram_operation(operation_code c, int fd, void* bytes, std::size_t n,
                       const address& peer) noexcept;
    ~datagram_operation() = default;

    msghdr message_{};
    iovec part_;
    address peer_;
    std::array<std::byte, address::size_max> from_;
};

class WEFT_EXPORT receive_from_awaiter : public awaiter<receive_from_awaiter, datagram_operation> {
public:
    receive_from_awaiter(int fd, void* into, std::size_t n) noexcept;
    [[nodiscard]] datagram finish();
};

class WEFT_EXPORT send_to_awaiter : public awaiter<send_to_awaiter, datagram_operation> {
public:
    send_to_awaiter(int fd, std::string_view bytes, const address& to) noexcept;
    void finish();
};

}  // namespace detail

/// A UDP socket.
///
/// ```cpp
/// weft::task<> echo_datagrams() {
///     weft::udp_socket socket(weft::address::any(7));
///     char bytes[2048];
///     for (;;) {
///         const weft::datagram one = co_await socket.receive_from(bytes, sizeof bytes);
///         co_await socket.send_to(std::string_view(bytes, one.size), one.from);
///     }
/// }
/// ```
///
/// A datagram arrives whole, or not at all, or twice. Several coroutines may receive and send at
/// once. What is awaited throws `std::system_error`; `ECONNREFUSED` of a connected one says that an
/// earlier datagram met nobody.
class WEFT_EXPORT udp_socket : public socket_handle {
public:
    udp_socket() noexcept = default;
    /// Bound to `at`. Throws `std::system_error`, and `usage_error` outside of a loop.
    explicit udp_socket(const address& at);
    /// Takes over a UDP socket that the driver of this thread's loop knows.
    explicit udp_socket(owned_descriptor known) noexcept : socket_handle(known.release()) {}

    /// Awaited, it sends to `peer` from now on and receives from nobody else. It does not wait.
    [[nodiscard]] auto connect(const address& peer) const noexcept {
        return detail::connect_awaiter(descriptor(), peer);
    }

    [[nodiscard]] auto receive_from(char* into, std::size_t n) const noexcept {
        return detail::receive_from_awaiter(descriptor(), into, n);
    }
    [[nodiscard]] auto receive_from(std::span<std::byte> into) const noexcept {
        return detail::receive_from_awaiter(descriptor(), into.data(), into.size());
    }
    /// Waits only while the kernel's buffer is full. `EMSGSIZE`: more than 65,507 bytes.
    [[nodiscard]] auto send_to(std::string_view bytes, const address& to) const noexcept {
        return detail::send_to_awaiter(descriptor(), bytes, to);
    }
    /// Of a connected one: gives the bytes; what does not fit is lost.
    [[nodiscard]] auto receive(char* into, std::size_t n) const noexcept {
        return detail::operation_awaiter(operation_code::receive, descriptor(), into, n);
    }
    [[nodiscard]] auto send(std::string_view bytes) const noexcept {
        return detail::operation_awaiter(operation_code::send, descriptor(),
                                         const_cast<char*>(bytes.data()), bytes.size());
    }

    /// May send to broadcast addresses (SO_BROADCAST).
    void set_broadcast(bool on) const;
    /// Receives what is sent to an IPv4 or IPv6 group, on the interface that the kernel chooses.
    void join_group(const address& group) const;
    void leave_group(const address& group) const;
};

}  // namespace weft
