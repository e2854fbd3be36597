#include "echo_load.hpp"

#include "bench.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::size_t source_addresses = 32;
constexpr std::size_t connects_at_once = 256;  // far below the length of a server's queue
constexpr int stalled_ms = 10'000;

std::array<char, echo_load::message_size> message_of(std::size_t index) {
    std::array<char, echo_load::message_size> message{};
    for (std::size_t at = 0; at < message.size(); at += sizeof index)
        std::memcpy(message.data() + at, &index, sizeof index);
    return message;
}

}  // namespace

void raise_descriptor_limit(std::size_t wanted) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return;
    if (limit.rlim_max < wanted) {
        const rlimit higher{wanted, wanted};  // root may
        if (::setrlimit(RLIMIT_NOFILE, &higher) == 0) return;
        std::fprintf(stderr,
                     "%zu open files are needed and this user may have %llu: raise the limit "
                     "('ulimit -Hn', LimitNOFILE of systemd, nofile of limits.conf)\n",
                     wanted, static_cast<unsigned long long>(limit.rlim_max));
        std::exit(1);
    }
    limit.rlim_cur = limit.rlim_max;
    need(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit of open files");
}

int connect_to_echo(int port, std::size_t index) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + 1 + static_cast<in_addr_t>(index % source_addresses));
    // The port is chosen when the peer is known: it may serve towards another one as well.
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    bool connected = fd >= 0 && ::bind(fd, generic, sizeof address) == 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<in_port_t>(port));
    connected = connected && ::connect(fd, generic, sizeof address) == 0;
    if (!connected) std::perror("connecting to an echo server");
    need(connected, "a connection to an echo server");
    return fd;
}

echo_load::echo_load(int port, std::size_t connections)
    : connections_(connections), set_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < connections; ++i) {
        connections_[i].fd = connect_to_echo(port, i);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        need(::epoll_ctl(set_, EPOLL_CTL_ADD, connections_[i].fd, &event) == 0, "a connection");
        send(i);
        if (i % connects_at_once == connects_at_once - 1) finish();
    }
    finish();
}

echo_load::~echo_load() {
    for (const connection& one : connections_) ::close(one.fd);
    ::close(set_);
}

void echo_load::start() {
    for (std::size_t i = 0; i < connections_.size(); ++i) send(i);
}

std::uint64_t echo_load::run_for(std::chrono::duration<double> time) {
    const auto end = std::chrono::steady_clock::now() + time;
    std::uint64_t count = 0;
    while (count == 0 || std::chrono::steady_clock::now() < end) count += turn(true);
    return count;
}

void echo_load::run(std::uint64_t wanted) {
    for (std::uint64_t count = 0; count < wanted;) count += turn(true);
}

void echo_load::finish() {
    while (on_their_way_ > 0) turn(false);
}

void echo_load::send(std::size_t index) {
    const auto message = message_of(index);
    need(::send(connections_[index].fd, message.data(), message.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(message.size()),
         "a message that an echo server takes");
    ++on_their_way_;
}

bool echo_load::receive(std::size_t index) {
    connection& from = connections_[index];
    std::array<char, message_size> answer;
    const std::size_t missing = message_size - from.received;
    const ssize_t got = ::recv(from.fd, answer.data(), missing, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return false;
    need(got > 0, "an answer of an echo server, which has closed the connection");
    const auto size = static_cast<std::size_t>(got);
    require(std::memcmp(answer.data(), message_of(index).data() + from.received, size) == 0,
            "what an echo server returned");
    from.received = (from.received + static_cast<std::uint32_t>(got)) % message_size;
    return from.received == 0;
}

std::uint64_t echo_load::turn(bool again) {
    static std::array<epoll_event, 512> events;
    const int ready =
        ::epoll_wait(set_, events.data(), static_cast<int>(events.size()), stalled_ms);
    need(ready > 0, "an answer of an echo server, which says nothing for ten seconds");
    std::uint64_t count = 0;
    for (int i = 0; i < ready; ++i) {
        const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
        if (!receive(index)) continue;
        ++count;
        --on_their_way_;
        if (again) send(index);
    }
    return count;
}

}  // namespace bench
