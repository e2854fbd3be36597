#pragma once

#include "weft/base/export.hpp"
#include "weft/core/socket_calls.hpp"
#include "weft/testing/sim_network.hpp"

#include <array>
#include <cstddef>

namespace weft::testing {

/// The calls of a simulator's sockets.
class WEFT_EXPORT sim_sockets final : public socket_calls {
public:
    explicit sim_sockets(sim_network& network) noexcept : network_(network) {}

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

private:
    template <class Call>
    int with(int socket, Call call) noexcept;

    sim_network& network_;
};

}  // namespace weft::testing
