#include "weft/net/unix_listener.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace weft {
namespace {

/// It is a socket at which nobody listens any more.
bool is_left_behind(const address& at) noexcept {
    const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return probe &&
           ::connect(probe.get(), static_cast<const sockaddr*>(at.data()),
                     static_cast<socklen_t>(at.size())) != 0 &&
           errno == ECONNREFUSED;
}

}  // namespace

unix_listener::unix_listener(const address& at, int backlog) {
    socket_calls& calls = detail::this_sockets("unix_listener");
    const int opened = calls.open(AF_UNIX, SOCK_STREAM, 0);
    detail::check_socket(opened, "opening a socket to listen at", at);
    static_cast<owned_descriptor&>(*this) = owned_descriptor(opened);
    const std::string name = at.host();
    const bool is_file = !name.starts_with('@');
    int bound = calls.bind(opened, at.data(), at.size());
    if (bound == -EADDRINUSE && is_file && is_left_behind(at) && ::unlink(name.c_str()) == 0)
        bound = calls.bind(opened, at.data(), at.size());
    detail::check_socket(bound, "binding a listener to", at);
    if (is_file) path_ = name;
    detail::check_socket(calls.listen(opened, backlog), "listening at", at);
}

void unix_listener::close() noexcept {
    // First: who connects meanwhile meets nobody, not a listener that is going.
    if (const std::string path = std::exchange(path_, {}); !path.empty()) ::unlink(path.c_str());
    owned_descriptor::close();
}

}  // namespace weft
