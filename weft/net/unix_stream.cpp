#include "weft/net/unix_stream.hpp"

#include "weft/core/scheduler.hpp"
#include "weft/core/sleep.hpp"
#include "weft/net/socket_operations.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <system_error>

namespace weft {
namespace detail {

/// A message of one byte and room for one descriptor. Does not move.
class descriptor_message {
public:
    descriptor_message() noexcept {
        header.msg_iov = &part_;
        header.msg_iovlen = 1;
        header.msg_control = room_.data();
        header.msg_controllen = room_.size();
    }
    descriptor_message(const descriptor_message&) = delete;
    descriptor_message& operator=(const descriptor_message&) = delete;

    void put(int fd) noexcept {
        cmsghdr* const part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
    }
    /// -1: there is none.
    [[nodiscard]] int get() noexcept {
        const cmsghdr* const part = CMSG_FIRSTHDR(&header);
        if (part == nullptr || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            return -1;
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
        return fd;
    }

    msghdr header{};

private:
    char byte_ = 0;
    iovec part_{&byte_, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room_{};
};

}  // namespace detail

namespace {

/// A full queue is no readiness that the kernel would report: it is asked again.
constexpr auto first_pause = std::chrono::milliseconds(1);
constexpr auto longest_pause = std::chrono::milliseconds(64);

}  // namespace

task<unix_stream> unix_stream::connect(address to) {
    const int opened = detail::this_sockets("unix_stream::connect()").open(AF_UNIX, SOCK_STREAM, 0);
    detail::check_socket(opened, "opening a socket to connect to", to);
    unix_stream stream(opened);
    for (auto pause = first_pause;; pause = std::min(2 * pause, longest_pause)) {
        try {
            co_await detail::connect_awaiter(opened, to);
            co_return stream;
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::device_or_resource_busy) throw;
        }
        co_await sleep(pause);
    }
}

std::pair<unix_stream, unix_stream> unix_stream::pair() {
    std::array<int, 2> ends{};
    detail::check_socket(
        detail::this_sockets("unix_stream::pair()").open_pair(AF_UNIX, SOCK_STREAM, ends),
        "opening a pair of unix sockets");
    return {unix_stream(ends[0]), unix_stream(ends[1])};
}

task<> unix_stream::send_descriptor(int passed) const {
    detail::descriptor_message message;
    message.put(passed);
    co_await detail::operation_awaiter(operation_code::send_message, descriptor(), &message.header,
                                       std::size_t(0));
}

task<owned_descriptor> unix_stream::receive_descriptor() const {
    detail::descriptor_message message;
    const std::size_t n = co_await detail::operation_awaiter(
        operation_code::receive_message, descriptor(), &message.header, std::size_t(0));
    if (n == 0) co_return owned_descriptor();
    const int passed = message.get();
    if (passed < 0)
        throw std::system_error(EBADMSG, std::generic_category(),
                                "receiving a descriptor: bytes came without one");
    owned_descriptor kept(passed);
    const int result = detail::this_scheduler().world().adopt(passed);
    detail::check_socket(result, "adopting a descriptor that was passed");
    co_return kept;
}

peer_credentials unix_stream::credentials() const {
    ucred who{};
    std::size_t size = sizeof who;
    detail::check_socket(detail::this_sockets("credentials()")
                             .get_option(descriptor(), SOL_SOCKET, SO_PEERCRED, &who, size),
                         "asking who is at the other end of a unix socket");
    return {who.pid, who.uid, who.gid};
}

}  // namespace weft
