#include "weft/net/socket.hpp"

#include "weft/core/scheduler.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <sys/socket.h>

namespace weft {
namespace detail {

socket_calls& this_sockets(const char* attempt) {
    return scheduler_for(attempt).world().sockets();
}

void check_socket(int result, const char* attempt, const address& at) {
    if (result >= 0) return;
    throw std::system_error(-result, std::generic_category(),
                            at ? attempt + (' ' + at.to_string()) : std::string(attempt));
}

}  // namespace detail

namespace {

template <class Call>
address address_of(Call call, const char* attempt) {
    std::array<std::byte, address::size_max> bytes{};
    std::size_t size = bytes.size();
    detail::check_socket(call(bytes.data(), size), attempt);
    return address::from_bytes(bytes.data(), size);
}

int bounded(std::size_t bytes) noexcept {
    constexpr std::size_t most = std::numeric_limits<int>::max();
    return static_cast<int>(std::min(bytes, most));
}

}  // namespace

address socket_handle::local_address() const {
    auto& calls = detail::this_sockets("local_address()");
    return address_of(
        [&](void* at, std::size_t& n) { return calls.local_address(descriptor(), at, n); },
        "asking a socket's local address");
}

address socket_handle::peer_address() const {
    auto& calls = detail::this_sockets("peer_address()");
    return address_of(
        [&](void* at, std::size_t& n) { return calls.peer_address(descriptor(), at, n); },
        "asking the address of a socket's peer");
}

void socket_handle::set_option(int level, int name, const void* value, std::size_t size) const {
    detail::check_socket(
        detail::this_sockets("set_option()").set_option(descriptor(), level, name, value, size),
        "setting an option of a socket");
}

void socket_handle::set_option(int level, int name, int value) const {
    set_option(level, name, &value, sizeof value);
}

int socket_handle::option(int level, int name) const {
    int value = 0;
    std::size_t size = sizeof value;
    detail::check_socket(
        detail::this_sockets("option()").get_option(descriptor(), level, name, &value, size),
        "asking an option of a socket");
    return value;
}

void socket_handle::set_receive_buffer(std::size_t bytes) const {
    set_option(SOL_SOCKET, SO_RCVBUF, bounded(bytes));
}
std::size_t socket_handle::receive_buffer() const {
    return static_cast<std::size_t>(option(SOL_SOCKET, SO_RCVBUF));
}
void socket_handle::set_send_buffer(std::size_t bytes) const {
    set_option(SOL_SOCKET, SO_SNDBUF, bounded(bytes));
}
std::size_t socket_handle::send_buffer() const {
    return static_cast<std::size_t>(option(SOL_SOCKET, SO_SNDBUF));
}

std::error_code socket_handle::pending_error() const {
    return {option(SOL_SOCKET, SO_ERROR), std::generic_category()};
}

}  // namespace weft
