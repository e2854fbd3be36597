#include "weft/testing/sim_socket.hpp"

#include "weft/testing/sim_network.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::testing {

using detail::direction;

namespace {

// The least and the most that Linux makes of SO_SNDBUF and SO_RCVBUF, before it doubles them.
constexpr int send_buffer_min = 4608 / 2;
constexpr int receive_buffer_min = 2304 / 2;
constexpr int buffer_max = 212'992;

constexpr std::size_t iov_max = 1024;

bool is_level_of(int level, int domain, int type) noexcept {
    switch (level) {
        case SOL_SOCKET: return true;
        case IPPROTO_IP: return domain != AF_UNIX;
        case IPPROTO_IPV6: return domain == AF_INET6;
        case IPPROTO_TCP: return domain != AF_UNIX && type == SOCK_STREAM;
        case IPPROTO_UDP: return domain != AF_UNIX && type == SOCK_DGRAM;
        default: return false;
    }
}

/// How large the value of an option is that was never set.
std::size_t size_of_option(int level, int name) noexcept {
    if (level != SOL_SOCKET) return sizeof(int);
    if (name == SO_LINGER) return sizeof(linger);
    return name == SO_RCVTIMEO || name == SO_SNDTIMEO ? sizeof(timeval) : sizeof(int);
}

bool is_read_only(int level, int name) noexcept {
    return level == SOL_SOCKET &&
           (name == SO_ERROR || name == SO_TYPE || name == SO_DOMAIN || name == SO_PROTOCOL ||
            name == SO_ACCEPTCONN || name == SO_PEERCRED);
}

int give(const void* from, std::size_t whole, void* to, std::size_t& size) noexcept {
    size = std::min(size, whole);
    std::memcpy(to, from, size);
    return 0;
}

}  // namespace

sim_socket::sim_socket(sim_network& network, int domain, int type, int protocol) noexcept
    : network_(network),
      domain_(domain),
      type_(type),
      protocol_(protocol),
      send_buffer_(network.send_buffer()),
      receive_buffer_(network.receive_buffer()) {
    local_.host = remote_.host = sim_host::any(domain);
    network.enroll(*this);
}

sim_socket::~sim_socket() {
    network_.remove(*this);
}

int sim_socket::bind(const sim_address& to) {
    if (is_bound_) return -EINVAL;
    sim_address wanted = to;
    if (is_unix() && wanted.path.empty()) wanted.path = network_.free_name();
    if (!is_unix() && wanted.port == 0) wanted.port = network_.free_port(type_);
    if (!is_unix() && wanted.port == 0) return -EADDRINUSE;
    if (const int error = network_.bind(*this, wanted); error != 0) return error;
    local_ = wanted;
    is_bound_ = true;
    return 0;
}

int sim_socket::bind_somewhere(const sim_host& host) {
    if (is_bound_) return 0;
    sim_address somewhere;
    somewhere.host = host;
    return bind(somewhere) == 0 ? 0 : -EADDRNOTAVAIL;
}

void sim_socket::inherit(const sim_socket& from) {
    options_ = from.options_;
    send_buffer_ = from.send_buffer_;
    receive_buffer_ = from.receive_buffer_;
}

int sim_socket::option(int level, int name) const noexcept {
    int value = 0;
    const auto at = options_.find({level, name});
    if (at != options_.end()) std::memcpy(&value, at->second.data(), sizeof value);
    return value;
}

int sim_socket::set_option(int level, int name, const void* value, std::size_t size) {
    if (!is_level_of(level, domain_, type_)) return is_unix() ? -EOPNOTSUPP : -ENOPROTOOPT;
    if (is_read_only(level, name)) return -ENOPROTOOPT;
    if (size < size_of_option(level, name)) return -EINVAL;
    const char* const bytes = static_cast<const char*>(value);
    int number = 0;
    std::memcpy(&number, value, sizeof number);
    if (level == SOL_SOCKET && name == SO_SNDBUF)
        send_buffer_ = static_cast<std::size_t>(std::clamp(number, send_buffer_min, buffer_max));
    else if (level == SOL_SOCKET && name == SO_RCVBUF)
        receive_buffer_ =
            static_cast<std::size_t>(std::clamp(number, receive_buffer_min, buffer_max));
    else
        options_[{level, name}].assign(bytes, bytes + size);
    changed();
    return 0;
}

int sim_socket::get_option(int level, int name, void* value, std::size_t& size) {
    if (!is_level_of(level, domain_, type_)) return is_unix() ? -EOPNOTSUPP : -ENOPROTOOPT;
    const auto give_int = [&](int number) { return give(&number, sizeof number, value, size); };
    if (level == SOL_SOCKET) {
        switch (name) {
            case SO_ERROR: return give_int(-take_error());
            case SO_TYPE: return give_int(type_);
            case SO_DOMAIN: return give_int(domain_);
            case SO_PROTOCOL: return give_int(protocol_);
            case SO_ACCEPTCONN: return give_int(is_listening() ? 1 : 0);
            // As Linux, which keeps its accounts in there.
            case SO_SNDBUF: return give_int(static_cast<int>(2 * send_buffer_));
            case SO_RCVBUF: return give_int(static_cast<int>(2 * receive_buffer_));
            case SO_PEERCRED: {
                if (!is_unix()) break;
                ucred who{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
                if (is_connected()) who = {::getpid(), ::getuid(), ::getgid()};
                return give(&who, sizeof who, value, size);
            }
            default: break;
        }
    }
    const auto at = options_.find({level, name});
    if (at != options_.end()) return give(at->second.data(), at->second.size(), value, size);
    const std::vector<char> zero(size_of_option(level, name));
    return give(zero.data(), zero.size(), value, size);
}

int sim_socket::local_address(void* to, std::size_t& size) const noexcept {
    local_.write(domain_, to, size);
    return 0;
}

int sim_socket::peer_address(void* to, std::size_t& size) const noexcept {
    if (!is_connected()) return -ENOTCONN;
    remote_.write(domain_, to, size);
    return 0;
}

int sim_socket::refusal(const operation& op) const noexcept {
    if (op.code != operation_code::accept) return 0;
    if (!is_listening()) return type_ == SOCK_STREAM ? -EINVAL : -EOPNOTSUPP;
    // Linux wants a number first, whether or not anybody is there to be accepted.
    return network_.descriptors().has_room() ? 0 : -EMFILE;
}

bool sim_socket::can_perform(const operation& op) const noexcept {
    if (op.code == operation_code::connect) return can_connect();
    return sim_endpoint::can_perform(op);
}

std::int64_t sim_socket::perform(const operation& op, const sim_chance& chance) {
    using code = operation_code;
    switch (op.code) {
        case code::accept: return accept(chance);
        case code::connect: {
            sim_address to;
            // AF_UNSPEC takes the address of a datagram socket's peer away.
            sa_family_t family = AF_UNSPEC;
            if (op.size >= sizeof family) std::memcpy(&family, op.buffer, sizeof family);
            if (family == AF_UNSPEC && op.size >= sizeof family) return disconnect();
            if (const int error = to.read(domain_, op.buffer, op.size); error != 0) return error;
            return connect(to);
        }
        case code::receive_message:
        case code::send_message: {
            auto& message = *static_cast<msghdr*>(op.buffer);
            if (message.msg_iovlen > iov_max) return -EMSGSIZE;
            return op.code == code::receive_message ? receive(message, chance)
                                                    : send(message, chance);
        }
        default: return sim_endpoint::perform(op, chance);
    }
}

}  // namespace weft::testing
