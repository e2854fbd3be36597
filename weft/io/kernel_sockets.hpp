#pragma once

#include "weft/base/export.hpp"
#include "weft/core/socket_calls.hpp"

#include <array>
#include <cstddef>

namespace weft::detail {

/// The kernel's sockets, non-blocking, for the drivers that have its descriptors.
class WEFT_EXPORT kernel_sockets : public socket_calls {
public:
    int open(int domain, int type, int protocol) noexcept override;
    int open_pair(int domain, int type, std::array<int, 2>& ends) noexcept override;
    int bind(int socket, const void* address, std::size_t size) noexcept override;
    int listen(int socket, int backlog) noexcept override;
    int shutdown(int socket, int how) noexcept override;
    int set_option(int socket, int level, int name, const void* value,
                   std::size_t size) noexcept override;
    int get_option(int socket, int level, int name, void* value,
                   std::size_t& size) noexcept override;
    int local_address(int socket, void* address, std::size_t& size) noexcept override;
    int peer_address(int socket, void* address, std::size_t& size) noexcept override;
    int remove_file(const void* address, std::size_t size) noexcept override;
    [[nodiscard]] bool is_left_behind(const void* address, std::size_t size) noexcept override;

protected:
    /// A socket is new: the driver notes it. 0, or the negative of an errno: it is closed then.
    virtual int opened(int socket) noexcept = 0;
};

}  // namespace weft::detail
