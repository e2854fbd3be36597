#pragma once

#include "weft/base/export.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where a socket is.
namespace weft {

enum class address_family : std::uint8_t { none, v4, v6, local };

/// The address of a socket: an IPv4 or IPv6 address with a port, or the path of a unix socket. A
/// value; any thread.
///
/// ```cpp
/// const auto here = weft::address::loopback(8080);                // 127.0.0.1:8080
/// const auto there = weft::address::parse("[2001:db8::1]:443");
/// const auto local = weft::address::unix_path("/run/service.sock");
/// ```
///
/// Names of hosts are not looked up here: that may wait. `weft::resolve` does it.
class WEFT_EXPORT address {
public:
    /// None: of a socket that is not bound, of an unnamed unix socket.
    address() noexcept = default;

    /// A numeric address: "127.0.0.1", "::1", "fe80::1%eth0". Throws `std::invalid_argument`.
    [[nodiscard]] static address ip(std::string_view numeric, std::uint16_t port);
    /// "127.0.0.1:80", "[::1]:80", ":80" (any address), "unix:/path", "unix:@name" (abstract).
    /// Throws `std::invalid_argument`.
    [[nodiscard]] static address parse(std::string_view text);
    [[nodiscard]] static std::optional<address> try_parse(std::string_view text);
    /// 127.0.0.1, and ::1.
    [[nodiscard]] static address loopback(std::uint16_t port) noexcept;
    [[nodiscard]] static address loopback_v6(std::uint16_t port) noexcept;
    /// 0.0.0.0, and :: (which takes IPv4 too, unless `listen_options::v6_only`). Port 0 lets the
    /// kernel choose.
    [[nodiscard]] static address any(std::uint16_t port) noexcept;
    [[nodiscard]] static address any_v6(std::uint16_t port) noexcept;
    /// Throws `std::invalid_argument` when it is longer than Linux takes (107 bytes).
    [[nodiscard]] static address unix_path(std::string_view path);
    /// In Linux's namespace without files (unix(7)).
    [[nodiscard]] static address unix_abstract(std::string_view name);
    /// A `sockaddr` as Linux has it.
    [[nodiscard]] static address from_bytes(const void* sockaddr, std::size_t size) noexcept;

    [[nodiscard]] address_family family() const noexcept;
    [[nodiscard]] explicit operator bool() const noexcept { return size_ != 0; }
    /// Without the port: "127.0.0.1", "::1"; the path of a unix socket, "@name" of an abstract one.
    [[nodiscard]] std::string host() const;
    /// 0 of a unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] address with_port(std::uint16_t port) const noexcept;
    [[nodiscard]] bool is_loopback() const noexcept;
    /// As `parse` reads it.
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] const void* data() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// AF_INET, AF_INET6, AF_UNIX or AF_UNSPEC.
    [[nodiscard]] int domain() const noexcept;

    friend bool operator==(const address& a, const address& b) noexcept {
        return a.view() == b.view();
    }

    /// Room for the largest of them, a `sockaddr_un`.
    static constexpr std::size_t size_max = 112;

private:
    [[nodiscard]] std::string_view view() const noexcept {
        return {reinterpret_cast<const char*>(bytes_.data()), size_};
    }

    alignas(8) std::array<std::byte, size_max> bytes_{};
    std::uint32_t size_ = 0;
};

/// The parts of "example.com:80" or "[::1]:80".
class WEFT_EXPORT host_and_port {
public:
    host_and_port(std::string h, std::uint16_t p) : host(std::move(h)), port(p) {}

    /// Throws `std::invalid_argument`.
    [[nodiscard]] static host_and_port parse(std::string_view text);

    std::string host;  ///< without brackets; may be empty
    std::uint16_t port;
};

}  // namespace weft
