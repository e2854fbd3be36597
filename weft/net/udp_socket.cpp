#include "weft/net/udp_socket.hpp"

#include <cstring>
#include <netinet/in.h>

namespace weft {
namespace detail {

datagram_operation::datagram_operation(operation_code c, int fd, void* bytes, std::size_t n,
                                       const address& peer) noexcept
    : operation_waiter(c, fd, &message_, 0), part_{bytes, n}, peer_(peer) {
    message_.msg_iov = &part_;
    message_.msg_iovlen = 1;
}

receive_from_awaiter::receive_from_awaiter(int fd, void* into, std::size_t n) noexcept
    : awaiter(operation_code::receive_message, fd, into, n, address()) {
    message_.msg_name = from_.data();
    message_.msg_namelen = static_cast<socklen_t>(from_.size());
}

datagram receive_from_awaiter::finish() {
    const std::size_t n = checked_result(*this);
    return {n, address::from_bytes(message_.msg_name, message_.msg_namelen),
            (message_.msg_flags & MSG_TRUNC) != 0};
}

send_to_awaiter::send_to_awaiter(int fd, std::string_view bytes, const address& to) noexcept
    : awaiter(operation_code::send_message, fd, const_cast<char*>(bytes.data()), bytes.size(), to) {
    message_.msg_name = const_cast<void*>(peer_.data());
    message_.msg_namelen = static_cast<socklen_t>(peer_.size());
}

void send_to_awaiter::finish() {
    if (result >= 0) return;
    throw std::system_error(error_of(*this).code(), "sending a datagram to " + peer_.to_string());
}

}  // namespace detail

namespace {

void change_group(const udp_socket& socket, const address& group, int v4_name, int v6_name) {
    if (group.family() == address_family::v6) {
        sockaddr_in6 a{};
        std::memcpy(&a, group.data(), sizeof a);
        const ipv6_mreq wanted{a.sin6_addr, a.sin6_scope_id};
        socket.set_option(IPPROTO_IPV6, v6_name, &wanted, sizeof wanted);
    } else {
        sockaddr_in a{};
        std::memcpy(&a, group.data(), sizeof a);
        const ip_mreqn wanted{a.sin_addr, in_addr{}, 0};
        socket.set_option(IPPROTO_IP, v4_name, &wanted, sizeof wanted);
    }
}

}  // namespace

udp_socket::udp_socket(const address& at) {
    socket_calls& calls = detail::this_sockets("udp_socket");
    const int opened = calls.open(at.domain(), SOCK_DGRAM, 0);
    detail::check_socket(opened, "opening a UDP socket for", at);
    static_cast<owned_descriptor&>(*this) = owned_descriptor(opened);
    detail::check_socket(calls.bind(opened, at.data(), at.size()), "binding a UDP socket to", at);
}

void udp_socket::set_broadcast(bool on) const {
    set_option(SOL_SOCKET, SO_BROADCAST, on ? 1 : 0);
}
void udp_socket::join_group(const address& group) const {
    change_group(*this, group, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
}
void udp_socket::leave_group(const address& group) const {
    change_group(*this, group, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
}

}  // namespace weft
