#include "weft/net/unix_listener.hpp"

#include "weft/core/scheduler.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace weft {
namespace {

bool is_file(const address& at) {
    return at && !at.host().starts_with('@');
}

}  // namespace

unix_listener::unix_listener(const address& at, int backlog) {
    socket_calls& calls = detail::this_sockets("unix_listener");
    const int opened = calls.open(AF_UNIX, SOCK_STREAM, 0);
    detail::check_socket(opened, "opening a socket to listen at", at);
    static_cast<owned_descriptor&>(*this) = owned_descriptor(opened);
    int bound = calls.bind(opened, at.data(), at.size());
    if (bound == -EADDRINUSE && is_file(at) && calls.is_left_behind(at.data(), at.size()) &&
        calls.remove_file(at.data(), at.size()) == 0)
        bound = calls.bind(opened, at.data(), at.size());
    detail::check_socket(bound, "binding a listener to", at);
    at_ = at;
    const int listening = calls.listen(opened, backlog);
    if (listening < 0) close();
    detail::check_socket(listening, "listening at", at);
}

void unix_listener::close() noexcept {
    // First: who connects meanwhile meets nobody, not a listener that is going.
    if (*this && is_file(at_) && detail::the_scheduler != nullptr)
        detail::the_scheduler->world().sockets().remove_file(at_.data(), at_.size());
    owned_descriptor::close();
}

}  // namespace weft
