#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/testing/sim_bytes.hpp"
#include "weft/testing/sim_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace weft::testing {

/// A simulated stream socket, of TCP or AF_UNIX: one that listens, or one end of a connection.
///
/// Rules:
/// 1. What one end sends is a parcel, which the other end holds from the beginning: under way until
///    it is due, then arrived. They arrive in the order in which they were sent.
/// 2. An end knows the other weakly. Its destructor closes: the other is sent an end, or a reset
///    when there is something that nobody has read (or SO_LINGER says so). Whoever sends to an end
///    that is gone is answered with a reset.
/// 3. Between hosts that are cut off, parcels are held until they are mended; a sender gives up
///    after as long as Linux does.
class WEFT_EXPORT sim_stream final : public sim_socket {
public:
    sim_stream(sim_network& network, int domain, int protocol) noexcept
        : sim_socket(network, domain, SOCK_STREAM, protocol) {}
    ~sim_stream() override;

    /// Makes two new ones the ends of a connection of AF_UNIX.
    static void join(sim_stream& one, sim_stream& other);

    int listen(int backlog) override;
    int shutdown(int how) override;

    [[nodiscard]] bool is_ready(detail::direction way) const noexcept override;
    [[nodiscard]] bool can_perform(const operation& op) const noexcept override;
    [[nodiscard]] std::size_t available(detail::direction way) const noexcept override;
    std::int64_t read(void* bytes, std::size_t size) override;
    std::int64_t write(const void* bytes, std::size_t size) override;

    void mended() override;
    void lose_connection() override;
    void drop_all() noexcept override;
    [[nodiscard]] bool is_listening() const noexcept override { return is_ == state::listening; }

private:
    enum class state : std::uint8_t { idle, listening, connecting, connected, dead };
    enum class parcel_kind : std::uint8_t { bytes, end, reset, established, refused };

    struct parcel {
        parcel_kind kind;
        std::string bytes;
        sim_files files;
        clock::time_point due{};
    };

    [[nodiscard]] bool is_connected() const noexcept override { return is_ == state::connected; }
    [[nodiscard]] bool can_connect() const noexcept override { return is_ != state::connecting; }
    std::int64_t connect(const sim_address& to) override;
    std::int64_t accept(const sim_chance& chance) override;
    std::int64_t receive(msghdr& message, const sim_chance& chance) override;
    std::int64_t send(const msghdr& message, const sim_chance& chance) override;

    std::int64_t connect_unix(const sim_address& to);
    void knock(int attempt);
    void knocked_at(int attempt);
    void try_again(int attempt);
    void fail_connect(int error);
    [[nodiscard]] bool has_backlog() const noexcept { return queue_.size() <= backlog_; }
    std::shared_ptr<sim_stream> answer(sim_stream& client);

    void dispatch(sim_stream& to, parcel what);
    void arrive_at(clock::time_point due);
    void arrive();
    [[nodiscard]] clock::time_point soonest() const noexcept;
    void take_in(parcel& what);
    void reset(int error);
    void give_up_later();
    void maybe_lose();
    void stop_listening() noexcept;
    void end_unix(sim_stream& peer);

    [[nodiscard]] std::size_t room() const noexcept;
    [[nodiscard]] std::int64_t why_not_read(std::size_t size) noexcept;
    [[nodiscard]] std::int64_t why_not_write() noexcept;
    std::int64_t put(std::string bytes, sim_files files);

    state is_ = state::idle;
    bool is_accepted_ = true;  ///< false while it waits in a queue of connections
    bool is_ignored_ = false;  ///< nobody answers its connect
    bool is_ended_ = false;    ///< the end has arrived
    bool is_read_shut_ = false;
    bool is_write_shut_ = false;
    std::weak_ptr<sim_stream> peer_;

    sim_bytes arrived_;
    std::deque<parcel> under_way_;
    std::size_t under_way_bytes_ = 0;
    clock::time_point last_due_{};
    /// Since when nothing gets through, for `give_up_later`.
    bool is_held_up_ = false;
    std::uint64_t hold_ups_ = 0;

    // Of one that listens.
    std::size_t backlog_ = 0;
    std::deque<std::shared_ptr<sim_stream>> queue_;
};

}  // namespace weft::testing
