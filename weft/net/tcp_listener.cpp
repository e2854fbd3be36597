#include "weft/net/tcp_listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace weft {

tcp_listener::tcp_listener(const address& at, const listen_options& how) {
    socket_calls& calls = detail::this_sockets("tcp_listener");
    const int opened = calls.open(at.domain(), SOCK_STREAM, 0);
    detail::check_socket(opened, "opening a socket to listen at", at);
    static_cast<owned_descriptor&>(*this) = owned_descriptor(opened);
    if (how.reuse_address()) set_option(SOL_SOCKET, SO_REUSEADDR, 1);
    if (how.reuse_port()) set_option(SOL_SOCKET, SO_REUSEPORT, 1);
    if (at.family() == address_family::v6)
        set_option(IPPROTO_IPV6, IPV6_V6ONLY, how.v6_only() ? 1 : 0);
    // Accepted sockets inherit it: no call for each.
    if (how.no_delay()) set_option(IPPROTO_TCP, TCP_NODELAY, 1);
    detail::check_socket(calls.bind(opened, at.data(), at.size()), "binding a listener to", at);
    detail::check_socket(calls.listen(opened, how.backlog()), "listening at", at);
}

}  // namespace weft
