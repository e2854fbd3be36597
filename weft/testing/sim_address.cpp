#include "weft/testing/sim_address.hpp"

#include "weft/base/error.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace weft::testing {
namespace {

constexpr std::size_t mapped_at = 12;
constexpr std::size_t path_at = offsetof(sockaddr_un, sun_path);

sim_host mapped(const void* v4) noexcept {
    sim_host host;
    host.bytes[10] = host.bytes[11] = 0xff;
    std::memcpy(&host.bytes[mapped_at], v4, 4);
    return host;
}

int read_unix(std::string& path, const void* from, std::size_t size) {
    if (size < sizeof(sa_family_t) || size > sizeof(sockaddr_un)) return -EINVAL;
    const char* const text = static_cast<const char*>(from) + path_at;
    const std::size_t room = size - path_at;
    // An abstract name is as long as it is said to be, a path ends at its zero.
    const bool is_abstract = room > 0 && text[0] == '\0';
    path.assign(text, is_abstract ? room : ::strnlen(text, room));
    return 0;
}

void copy_out(const void* whole, std::size_t whole_size, void* to, std::size_t& size) noexcept {
    std::memcpy(to, whole, std::min(size, whole_size));
    size = whole_size;
}

}  // namespace

sim_host sim_host::any(int domain) noexcept {
    const std::uint32_t none = INADDR_ANY;
    return domain == AF_INET ? mapped(&none) : sim_host();
}

sim_host sim_host::loopback(int domain) noexcept {
    const std::uint32_t local = htonl(INADDR_LOOPBACK);
    if (domain == AF_INET) return mapped(&local);
    sim_host host;
    host.bytes[15] = 1;
    return host;
}

bool sim_host::is_v4() const noexcept {
    const auto is_zero = [](std::uint8_t b) { return b == 0; };
    return std::all_of(bytes.begin(), bytes.begin() + 10, is_zero) && bytes[10] == 0xff &&
           bytes[11] == 0xff;
}

bool sim_host::is_any() const noexcept {
    return *this == any(AF_INET) || *this == any(AF_INET6);
}

sim_host sim_address::host_of(std::string_view text) {
    const std::string zero_ended(text);
    in_addr v4{};
    if (::inet_pton(AF_INET, zero_ended.c_str(), &v4) == 1) return mapped(&v4);
    in6_addr v6{};
    if (::inet_pton(AF_INET6, zero_ended.c_str(), &v6) != 1)
        throw usage_error("'" + zero_ended +
                          "' is no host of a simulated network: give the address, such as "
                          "10.0.0.1 or fd00::1");
    sim_host host;
    std::memcpy(host.bytes.data(), &v6, host.bytes.size());
    return host;
}

int sim_address::read(int domain, const void* from, std::size_t size) {
    sa_family_t family = AF_UNSPEC;
    if (from == nullptr || size < sizeof family) return -EINVAL;
    std::memcpy(&family, from, sizeof family);
    const std::size_t least = domain == AF_INET    ? sizeof(sockaddr_in)
                              : domain == AF_INET6 ? offsetof(sockaddr_in6, sin6_scope_id)
                                                   : sizeof family;
    if (size < least) return -EINVAL;
    if (family != domain) return domain == AF_UNIX ? -EINVAL : -EAFNOSUPPORT;
    if (domain == AF_UNIX) return read_unix(path, from, size);
    if (domain == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, from, sizeof v4);
        host = mapped(&v4.sin_addr);
        port = ntohs(v4.sin_port);
        return 0;
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, std::min(size, sizeof v6));
    std::memcpy(host.bytes.data(), &v6.sin6_addr, host.bytes.size());
    port = ntohs(v6.sin6_port);
    return 0;
}

void sim_address::write(int domain, void* to, std::size_t& size) const noexcept {
    if (domain == AF_INET) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, &host.bytes[mapped_at], 4);
        return copy_out(&v4, sizeof v4, to, size);
    }
    if (domain == AF_INET6) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, host.bytes.data(), host.bytes.size());
        return copy_out(&v6, sizeof v6, to, size);
    }
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    const std::size_t length = std::min(path.size(), sizeof local.sun_path);
    std::memcpy(local.sun_path, path.data(), length);
    const bool has_zero = length > 0 && path[0] != '\0';
    return copy_out(&local, std::min(path_at + length + (has_zero ? 1 : 0), sizeof local), to,
                    size);
}

}  // namespace weft::testing
