#pragma once

#include "weft/base/export.hpp"
#include "weft/testing/sim_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace weft::testing {

/// A simulated datagram socket, of UDP or AF_UNIX.
///
/// UDP loses what it has no room for and what nobody waits for; a connected sender of the latter
/// meets ECONNREFUSED at its next call. AF_UNIX loses nothing: a sender waits for room.
class WEFT_EXPORT sim_datagram final : public sim_socket {
public:
    sim_datagram(sim_network& network, int domain, int protocol) noexcept
        : sim_socket(network, domain, SOCK_DGRAM, protocol) {}
    ~sim_datagram() override;

    /// Makes two new ones each other's peer.
    static void join(sim_datagram& one, sim_datagram& other);

    int listen(int) override { return -EOPNOTSUPP; }
    int shutdown(int how) override;
    [[nodiscard]] bool is_stream() const noexcept override { return false; }

    [[nodiscard]] bool is_ready(detail::direction way) const noexcept override;
    [[nodiscard]] bool can_perform(const operation& op) const noexcept override;
    [[nodiscard]] int refusal(const operation& op) const noexcept override;
    [[nodiscard]] std::size_t available(detail::direction) const noexcept override { return 0; }
    std::int64_t read(void* bytes, std::size_t size) override;
    std::int64_t write(const void* bytes, std::size_t size) override;

    void drop_all() noexcept override;

    [[nodiscard]] bool has_peer() const noexcept { return has_peer_; }
    /// It takes what comes from there: from anywhere, or from its peer.
    [[nodiscard]] bool takes_from(const sim_address& from) const noexcept {
        return !has_peer_ || remote_ == from;
    }

private:
    struct datagram {
        std::string bytes;
        sim_address from;
        sim_files files;
    };

    [[nodiscard]] bool is_connected() const noexcept override { return has_peer_; }
    std::int64_t connect(const sim_address& to) override;
    std::int64_t disconnect() override;
    std::int64_t accept(const sim_chance&) override { return -EOPNOTSUPP; }
    std::int64_t receive(msghdr& message, const sim_chance& chance) override;
    std::int64_t send(const msghdr& message, const sim_chance& chance) override;

    /// 0 when there is something to receive.
    [[nodiscard]] std::int64_t why_not_receive() noexcept;
    [[nodiscard]] datagram take();
    std::int64_t post(datagram what, const sim_address* to);
    std::int64_t post_unix(datagram what, const sim_address* to);
    std::int64_t post_udp(datagram what, const sim_address* to);
    void fly(const datagram& what, const sim_address& to);
    [[nodiscard]] sim_datagram* unix_target(const sim_address* to, int& error) const;
    [[nodiscard]] bool is_full() const noexcept;
    void take_in(datagram what);

    bool has_peer_ = false;
    bool is_read_shut_ = false;
    bool is_write_shut_ = false;
    std::weak_ptr<sim_datagram> peer_;  ///< of AF_UNIX
    std::deque<datagram> queue_;
    std::size_t queued_bytes_ = 0;
};

}  // namespace weft::testing
