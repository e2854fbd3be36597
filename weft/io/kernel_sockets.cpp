#include "weft/io/kernel_sockets.hpp"

#include "weft/base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::detail {
namespace {

constexpr int our_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

int answer(int result) noexcept {
    return result < 0 ? -errno : result;
}

template <class Call>
int address_by(Call call, int socket, void* address, std::size_t& size) noexcept {
    auto length = static_cast<socklen_t>(size);
    const int result = answer(call(socket, static_cast<sockaddr*>(address), &length));
    size = length;
    return result;
}

}  // namespace

int kernel_sockets::open(int domain, int type, int protocol) noexcept {
    const int socket = answer(::socket(domain, type | our_flags, protocol));
    if (socket < 0) return socket;
    if (const int error = opened(socket); error < 0) {
        ::close(socket);
        return error;
    }
    return socket;
}

int kernel_sockets::open_pair(int domain, int type, std::array<int, 2>& ends) noexcept {
    if (const int result = answer(::socketpair(domain, type | our_flags, 0, ends.data()));
        result < 0)
        return result;
    for (const int end : ends)
        if (const int error = opened(end); error < 0) {
            for (const int each : ends) ::close(each);
            return error;
        }
    return 0;
}

int kernel_sockets::bind(int socket, const void* address, std::size_t size) noexcept {
    return answer(
        ::bind(socket, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)));
}

int kernel_sockets::listen(int socket, int backlog) noexcept {
    return answer(::listen(socket, backlog));
}

int kernel_sockets::shutdown(int socket, int how) noexcept {
    return answer(::shutdown(socket, how));
}

int kernel_sockets::set_option(int socket, int level, int name, const void* value,
                               std::size_t size) noexcept {
    return answer(::setsockopt(socket, level, name, value, static_cast<socklen_t>(size)));
}

int kernel_sockets::get_option(int socket, int level, int name, void* value,
                               std::size_t& size) noexcept {
    auto length = static_cast<socklen_t>(size);
    const int result = answer(::getsockopt(socket, level, name, value, &length));
    size = length;
    return result;
}

int kernel_sockets::local_address(int socket, void* address, std::size_t& size) noexcept {
    return address_by(::getsockname, socket, address, size);
}

int kernel_sockets::peer_address(int socket, void* address, std::size_t& size) noexcept {
    return address_by(::getpeername, socket, address, size);
}

int kernel_sockets::remove_file(const void* address, std::size_t size) noexcept {
    sockaddr_un at{};
    std::memcpy(&at, address, std::min(size, sizeof at - 1));
    return answer(::unlink(at.sun_path));
}

bool kernel_sockets::is_left_behind(const void* address, std::size_t size) noexcept {
    const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | our_flags, 0));
    return probe &&
           ::connect(probe.get(), static_cast<const sockaddr*>(address),
                     static_cast<socklen_t>(size)) != 0 &&
           errno == ECONNREFUSED;
}

}  // namespace weft::detail
