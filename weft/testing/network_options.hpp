#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::testing {

/// How the network of a simulated world behaves. At first it is perfect: nothing takes time,
/// nothing is lost. Sockets of AF_UNIX do not go through it.
///
/// ```cpp fragment
/// const auto rough = weft::testing::network_options()
///                        .delay(std::chrono::milliseconds(1), std::chrono::milliseconds(40))
///                        .reset_chance(0.01)
///                        .unreachable("10.0.0.9");
/// // world.network(rough);
/// ```
///
/// A chance is a probability, 0 to 1: the oracle decides each time (`choice::fault`), and without
/// one nothing of it happens. What is out of range throws `usage_error`.
class WEFT_EXPORT network_options {
public:
    network_options() = default;

    /// How long bytes and datagrams are under way, and each of the two halves of connecting: `min`
    /// to `max`, as the oracle chooses (`choice::arrival`); without one `min`. A stream keeps its
    /// order, datagrams overtake each other.
    network_options& delay(clock::duration min, clock::duration max);
    /// Of a datagram: it never arrives.
    network_options& datagram_loss(double chance);
    /// Of a datagram: it arrives twice.
    network_options& datagram_duplication(double chance);
    /// Of a `connect`: it is refused, or its host is unreachable, or nobody answers (which takes
    /// 127 s, as long as Linux tries).
    network_options& connect_failure(double chance);
    /// Of each send of a stream: the connection is lost. Both ends meet ECONNRESET, or only one
    /// does and the other hears nothing until it sends.
    network_options& reset_chance(double chance);
    /// Of an `accept` that has a connection to give: that one is lost (ECONNABORTED), or the call
    /// fails and the connection stays (EMFILE, ENFILE, ENOBUFS).
    network_options& accept_failure(double chance);
    /// Nothing comes from this host or gets there, from the beginning. See `simulator::partition`.
    network_options& unreachable(std::string_view host);
    /// What SO_SNDBUF and SO_RCVBUF of a new socket are, in bytes. Both together are what is under
    /// way, or received and not read, before a sender waits. 32 KiB at first.
    network_options& buffers(std::size_t send, std::size_t receive);

private:
    friend class sim_network;

    clock::duration delay_min_{0};
    clock::duration delay_max_{0};
    double datagram_loss_ = 0;
    double datagram_duplication_ = 0;
    double connect_failure_ = 0;
    double reset_chance_ = 0;
    double accept_failure_ = 0;
    std::size_t send_buffer_ = std::size_t{32} * 1024;
    std::size_t receive_buffer_ = std::size_t{32} * 1024;
    std::vector<std::string> unreachable_;
};

}  // namespace weft::testing
