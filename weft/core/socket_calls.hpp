#pragma once

#include "weft/base/export.hpp"

#include <array>
#include <cstddef>

/// What is done with sockets at once, without waiting: the other half of the seam of a driver.
namespace weft {

/// The calls of socket(2), bind(2) and so on, for the sockets of one driver. Constants, options and
/// addresses are Linux's own; results are not negative, or the negative of an `errno`.
///
/// Loop's thread only. What may wait (accept, connect, send, receive) is an `operation`, and a
/// socket is closed by `driver::close`.
class WEFT_EXPORT socket_calls {
public:
    socket_calls() noexcept = default;
    socket_calls(const socket_calls&) = delete;
    socket_calls& operator=(const socket_calls&) = delete;
    virtual ~socket_calls();

    /// A socket, fit for operations and closed on exec.
    virtual int open(int domain, int type, int protocol) noexcept = 0;
    /// Two connected ones.
    virtual int open_pair(int domain, int type, std::array<int, 2>& ends) noexcept = 0;
    virtual int bind(int socket, const void* address, std::size_t size) noexcept = 0;
    virtual int listen(int socket, int backlog) noexcept = 0;
    /// `how` is SHUT_RD, SHUT_WR or SHUT_RDWR.
    virtual int shutdown(int socket, int how) noexcept = 0;
    virtual int set_option(int socket, int level, int name, const void* value,
                           std::size_t size) noexcept = 0;
    /// `size` is the room at `value`, and then what was written.
    virtual int get_option(int socket, int level, int name, void* value,
                           std::size_t& size) noexcept = 0;
    virtual int local_address(int socket, void* address, std::size_t& size) noexcept = 0;
    virtual int peer_address(int socket, void* address, std::size_t& size) noexcept = 0;

    /// Removes the file that binding a unix socket to `address` has made. Nothing happens where
    /// there are no files.
    virtual int remove_file(const void* address, std::size_t size) noexcept;
    /// There is such a file, and no process listens there any more.
    [[nodiscard]] virtual bool is_left_behind(const void* address, std::size_t size) noexcept;
};

}  // namespace weft
