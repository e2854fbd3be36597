#pragma once

#include <cstdint>

/// How many descriptors this process may have (RLIMIT_NOFILE).
namespace weft::tool {

/// Raises the soft limit to the hard one, and returns what it is then.
[[nodiscard]] std::uint64_t raise_open_files() noexcept;

/// Descriptors that are kept for anything but connections: standard streams, the driver's, a log.
inline constexpr std::uint64_t spare_open_files = 32;

}  // namespace weft::tool
