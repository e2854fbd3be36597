#pragma once

#include "weft/base/export.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::testing {

/// A host of the simulated world, by its address in the form of IPv6; one of IPv4 is mapped
/// (::ffff:10.0.0.1).
class WEFT_EXPORT sim_host {
public:
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] static sim_host any(int domain) noexcept;
    [[nodiscard]] static sim_host loopback(int domain) noexcept;
    [[nodiscard]] bool is_v4() const noexcept;
    /// 0.0.0.0 or ::
    [[nodiscard]] bool is_any() const noexcept;

    friend auto operator<=>(const sim_host&, const sim_host&) = default;
};

/// The address of a socket: a host and a port, or a name of AF_UNIX.
class WEFT_EXPORT sim_address {
public:
    sim_host host;
    std::uint16_t port = 0;
    /// Of AF_UNIX: a path, or a zero byte and an abstract name; empty for a socket without a name.
    std::string path;

    /// "10.0.0.1" or "fe80::1". Throws `usage_error` when it is neither.
    [[nodiscard]] static sim_host host_of(std::string_view text);

    /// Reads a sockaddr for a socket of `domain`. 0, or the negative of an errno.
    [[nodiscard]] int read(int domain, const void* from, std::size_t size);
    /// Writes a sockaddr for a socket of `domain`: as much as `size` says there is room for. `size`
    /// becomes its whole size.
    void write(int domain, void* to, std::size_t& size) const noexcept;

    friend bool operator==(const sim_address&, const sim_address&) = default;
};

}  // namespace weft::testing
