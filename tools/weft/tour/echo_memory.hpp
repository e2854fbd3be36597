#pragma once

#include "weft/base/fd.hpp"
#include "weft/net/address.hpp"

#include <vector>

/// What connections of an echo server cost in memory, seen from within its own process.
namespace weft::tour {

/// Bytes of this process and of those it has forked: what they share is counted once. Needs Linux
/// 4.14; 0 where it cannot be read.
[[nodiscard]] double memory_in_use();

/// Connections that have each said something and had it back. Blocks.
class silent_clients {
public:
    silent_clients() = default;
    silent_clients(const silent_clients&) = delete;
    silent_clients& operator=(const silent_clients&) = delete;
    /// Ends them, also for processes that have copies of their descriptors.
    ~silent_clients();

    /// Throws `std::system_error`.
    void connect(const address& server, int count);

private:
    std::vector<unique_fd> all_;
};

}  // namespace weft::tour
