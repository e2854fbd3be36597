// The floor: an echo server with epoll and nothing else, level-triggered, one buffer for all.

#include "echo_listen.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>

namespace {

void watch(int set, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    bench::need(::epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "watching a socket");
}

void accept_all(int set, int listener) {
    for (;;) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        bench::send_at_once(fd);
        watch(set, fd);
    }
}

void echo(int fd) {
    static std::array<char, 4096> buffer;
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    // So little always fits.
    if (got <= 0 || ::send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got)
        ::close(fd);
}

}  // namespace

int main() {
    const int listener = bench::listen_for_echo();
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    watch(set, listener);
    static std::array<epoll_event, 512> events;
    for (;;) {
        const int count = ::epoll_wait(set, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener)
                accept_all(set, listener);
            else
                echo(fd);
        }
    }
}
