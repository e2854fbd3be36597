#include "weft/net/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <charconv>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>

namespace weft {
namespace {

static_assert(sizeof(sockaddr_un) <= address::size_max);
static_assert(sizeof(sockaddr_in6) <= address::size_max);

template <class Sockaddr>
address from_sockaddr(const Sockaddr& a) noexcept {
    return address::from_bytes(&a, sizeof a);
}
template <class Sockaddr>
Sockaddr to_sockaddr(const address& a) noexcept {
    Sockaddr s{};
    std::memcpy(&s, a.data(), std::min(sizeof s, a.size()));
    return s;
}

address v4(std::uint32_t host, std::uint16_t port) noexcept {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(host);
    return from_sockaddr(a);
}
address v6(const in6_addr& host, std::uint16_t port, std::uint32_t scope = 0) noexcept {
    sockaddr_in6 a{};
    a.sin6_family = AF_INET6;
    a.sin6_port = htons(port);
    a.sin6_addr = host;
    a.sin6_scope_id = scope;
    return from_sockaddr(a);
}

/// The number after '%': the name or the number of an interface; 0 when there is none such.
std::uint32_t scope_of(const std::string& name) noexcept {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) return number;
    return ::if_nametoindex(name.c_str());
}

std::optional<address> try_ip(std::string_view numeric, std::uint16_t port) {
    const std::size_t percent = numeric.find('%');
    const std::string host(numeric.substr(0, percent));
    in_addr four{};
    if (percent == std::string_view::npos && ::inet_pton(AF_INET, host.c_str(), &four) == 1)
        return v4(ntohl(four.s_addr), port);
    in6_addr six{};
    if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return std::nullopt;
    if (percent == std::string_view::npos) return v6(six, port);
    const std::uint32_t scope = scope_of(std::string(numeric.substr(percent + 1)));
    if (scope == 0) return std::nullopt;
    return v6(six, port, scope);
}

std::optional<std::uint16_t> try_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return port;
}

std::optional<host_and_port> try_split(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    else if (host.find_first_of(":[]") != std::string_view::npos)
        return std::nullopt;  // IPv6 without brackets: which colon is the port's?
    const auto port = try_port(text.substr(colon + 1));
    if (!port) return std::nullopt;
    return host_and_port(std::string(host), *port);
}

address of_unix(std::string_view name, bool abstract) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    // A path ends with a zero; an abstract name begins with one.
    if (name.empty() || name.size() + 1 > sizeof a.sun_path)
        throw std::invalid_argument("'" + std::string(name) +
                                    "' is no name of a unix socket: " + "give 1 to " +
                                    std::to_string(sizeof a.sun_path - 1) + " bytes");
    std::memcpy(a.sun_path + (abstract ? 1 : 0), name.data(), name.size());
    return address::from_bytes(&a, offsetof(sockaddr_un, sun_path) + name.size() + 1);
}

}  // namespace

address address::ip(std::string_view numeric, std::uint16_t port) {
    if (auto a = try_ip(numeric, port)) return *a;
    throw std::invalid_argument("'" + std::string(numeric) +
                                "' is no numeric IPv4 or IPv6 address; names are for "
                                "weft::resolve()");
}

std::optional<address> address::try_parse(std::string_view text) {
    constexpr std::string_view local = "unix:";
    if (text.starts_with(local)) {
        const std::string_view name = text.substr(local.size());
        if (name.empty() || name == "@" || name.size() > sizeof(sockaddr_un::sun_path) - 1)
            return std::nullopt;
        return name.front() == '@' ? unix_abstract(name.substr(1)) : unix_path(name);
    }
    const auto parts = try_split(text);
    if (!parts) return std::nullopt;
    if (parts->host.empty() && !text.starts_with('[')) return any(parts->port);
    return try_ip(parts->host, parts->port);
}

address address::parse(std::string_view text) {
    if (auto a = try_parse(text)) return *a;
    throw std::invalid_argument("'" + std::string(text) +
                                "' is no address; write 127.0.0.1:80, [::1]:80 or unix:/path");
}

address address::loopback(std::uint16_t port) noexcept {
    return v4(INADDR_LOOPBACK, port);
}
address address::loopback_v6(std::uint16_t port) noexcept {
    return v6(in6addr_loopback, port);
}
address address::any(std::uint16_t port) noexcept {
    return v4(INADDR_ANY, port);
}
address address::any_v6(std::uint16_t port) noexcept {
    return v6(in6addr_any, port);
}
address address::unix_path(std::string_view path) {
    return of_unix(path, false);
}
address address::unix_abstract(std::string_view name) {
    return of_unix(name, true);
}

address address::from_bytes(const void* sockaddr, std::size_t size) noexcept {
    address a;
    // A unix socket without a name has its family only.
    if (size <= sizeof(sa_family_t)) return a;
    a.size_ = static_cast<std::uint32_t>(std::min(size, size_max));
    std::memcpy(a.bytes_.data(), sockaddr, a.size_);
    return a;
}

int address::domain() const noexcept {
    if (size_ == 0) return AF_UNSPEC;
    return to_sockaddr<::sockaddr>(*this).sa_family;
}

address_family address::family() const noexcept {
    switch (domain()) {
        case AF_INET: return address_family::v4;
        case AF_INET6: return address_family::v6;
        case AF_UNIX: return address_family::local;
        default: return address_family::none;
    }
}

std::string address::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    switch (family()) {
        case address_family::none: return {};
        case address_family::v4: {
            const auto a = to_sockaddr<sockaddr_in>(*this);
            return ::inet_ntop(AF_INET, &a.sin_addr, text.data(), text.size());
        }
        case address_family::v6: {
            const auto a = to_sockaddr<sockaddr_in6>(*this);
            std::string host = ::inet_ntop(AF_INET6, &a.sin6_addr, text.data(), text.size());
            if (a.sin6_scope_id == 0) return host;
            std::array<char, IF_NAMESIZE> name{};
            if (::if_indextoname(a.sin6_scope_id, name.data()) == nullptr)
                return host + '%' + std::to_string(a.sin6_scope_id);
            return host + '%' + name.data();
        }
        case address_family::local: break;
    }
    std::string_view name = view().substr(offsetof(sockaddr_un, sun_path));
    if (name.starts_with('\0')) return '@' + std::string(name.substr(1));
    return std::string(name.substr(0, name.find('\0')));
}

std::uint16_t address::port() const noexcept {
    switch (family()) {
        case address_family::v4: return ntohs(to_sockaddr<sockaddr_in>(*this).sin_port);
        case address_family::v6: return ntohs(to_sockaddr<sockaddr_in6>(*this).sin6_port);
        default: return 0;
    }
}

address address::with_port(std::uint16_t port) const noexcept {
    if (family() == address_family::v4) {
        auto a = to_sockaddr<sockaddr_in>(*this);
        a.sin_port = htons(port);
        return from_sockaddr(a);
    }
    if (family() == address_family::v6) {
        auto a = to_sockaddr<sockaddr_in6>(*this);
        a.sin6_port = htons(port);
        return from_sockaddr(a);
    }
    return *this;
}

bool address::is_loopback() const noexcept {
    switch (family()) {
        case address_family::v4:
            return ntohl(to_sockaddr<sockaddr_in>(*this).sin_addr.s_addr) >> 24 == 127;
        case address_family::v6: {
            const auto a = to_sockaddr<sockaddr_in6>(*this);
            return IN6_IS_ADDR_LOOPBACK(&a.sin6_addr) != 0;
        }
        case address_family::local: return true;
        case address_family::none: return false;
    }
    return false;
}

std::string address::to_string() const {
    switch (family()) {
        case address_family::none: return "(none)";
        case address_family::v4: return host() + ':' + std::to_string(port());
        case address_family::v6: return '[' + host() + "]:" + std::to_string(port());
        case address_family::local: return "unix:" + host();
    }
    return {};
}

host_and_port host_and_port::parse(std::string_view text) {
    if (auto parts = try_split(text)) return *parts;
    throw std::invalid_argument("'" + std::string(text) +
                                "' names no host and port; write example.com:80 or [::1]:80");
}

}  // namespace weft
