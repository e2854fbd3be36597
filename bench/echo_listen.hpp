#pragma once

#include "bench.hpp"

#include <arpa/inet.h>
#include <cstdio>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/// What the echo servers in C++ share: the terms on which all of them are measured.
///
/// A server is one thread. It listens on a port of 127.0.0.1 that the kernel chooses, prints
/// `port <number>`, and returns to every connection, with Nagle's algorithm off, what it gets. Who
/// started it ends it.
namespace bench {

inline constexpr int echo_backlog = 4096;

/// What each conversation of a server of coroutines has room for: more than the 64 bytes that come.
inline constexpr std::size_t echo_buffer_size = 256;

inline void print_echo_port(int port) {
    std::printf("port %d\n", port);
    std::fflush(stdout);
}

/// A socket that listens, non-blocking; its port is printed.
[[nodiscard]] inline int listen_for_echo() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    need(listener >= 0 && ::bind(listener, generic, size) == 0 &&
             ::listen(listener, echo_backlog) == 0 && ::getsockname(listener, generic, &size) == 0,
         "a socket that listens on 127.0.0.1");
    print_echo_port(ntohs(address.sin_port));
    return listener;
}

inline void send_at_once(int fd) {
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

}  // namespace bench
