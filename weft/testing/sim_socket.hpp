#pragma once

#include "weft/base/export.hpp"
#include "weft/testing/sim_address.hpp"
#include "weft/testing/sim_endpoint.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <sys/socket.h>
#include <utility>
#include <vector>

/// What simulated sockets of every kind have in common.
namespace weft::testing {

class sim_network;

/// What is passed with bytes by SCM_RIGHTS.
using sim_files = std::vector<std::shared_ptr<sim_endpoint>>;

/// A simulated socket, of any kind: its addresses, its options, its pending error. What fails does
/// so as in Linux.
class WEFT_EXPORT sim_socket : public sim_endpoint,
                               public std::enable_shared_from_this<sim_socket> {
public:
    sim_socket(sim_network& network, int domain, int type, int protocol) noexcept;
    ~sim_socket() override;

    [[nodiscard]] int domain() const noexcept { return domain_; }
    [[nodiscard]] int type() const noexcept { return type_; }
    [[nodiscard]] bool is_unix() const noexcept { return domain_ == AF_UNIX; }

    int bind(const sim_address& to);
    virtual int listen(int backlog) = 0;
    virtual int shutdown(int how) = 0;
    int set_option(int level, int name, const void* value, std::size_t size);
    int get_option(int level, int name, void* value, std::size_t& size);
    [[nodiscard]] int local_address(void* to, std::size_t& size) const noexcept;
    [[nodiscard]] int peer_address(void* to, std::size_t& size) const noexcept;

    [[nodiscard]] const sim_address& local() const noexcept { return local_; }
    [[nodiscard]] const sim_address& remote() const noexcept { return remote_; }
    /// The value of an option that is an int; 0 when it was never set.
    [[nodiscard]] int option(int level, int name) const noexcept;
    [[nodiscard]] std::size_t send_buffer() const noexcept { return send_buffer_; }
    [[nodiscard]] std::size_t receive_buffer() const noexcept { return receive_buffer_; }

    /// A host can be reached again.
    virtual void mended() {}
    /// What it is connected to is lost, at both ends.
    virtual void lose_connection() {}
    /// Forgets whatever it holds: the end of the world.
    virtual void drop_all() noexcept = 0;
    [[nodiscard]] virtual bool is_listening() const noexcept { return false; }

    [[nodiscard]] int permits(detail::direction) const noexcept override { return 0; }
    [[nodiscard]] int refusal(const operation& op) const noexcept override;
    [[nodiscard]] bool can_perform(const operation& op) const noexcept override;
    std::int64_t perform(const operation& op, const sim_chance& chance) override;

protected:
    [[nodiscard]] sim_network& network() const noexcept { return network_; }
    [[nodiscard]] virtual bool is_connected() const noexcept = 0;

    /// -EAGAIN: it has begun, and is performed again when the socket can.
    virtual std::int64_t connect(const sim_address& to) = 0;
    [[nodiscard]] virtual bool can_connect() const noexcept { return true; }
    virtual std::int64_t disconnect() { return -EAFNOSUPPORT; }
    virtual std::int64_t accept(const sim_chance& chance) = 0;
    virtual std::int64_t receive(msghdr& message, const sim_chance& chance) = 0;
    virtual std::int64_t send(const msghdr& message, const sim_chance& chance) = 0;

    /// The negative of the pending error, which is no longer pending; 0 when there is none.
    int take_error() noexcept { return -std::exchange(error_, 0); }
    /// Has it an address of its own: one of `host` that is free, where it has none.
    int bind_somewhere(const sim_host& host);
    void inherit(const sim_socket& from);

    sim_address local_;
    sim_address remote_;
    bool is_bound_ = false;
    int error_ = 0;

private:
    friend class sim_network;

    sim_network& network_;
    std::uint64_t id_ = 0;
    int domain_;
    int type_;
    int protocol_;
    std::size_t send_buffer_;
    std::size_t receive_buffer_;
    std::map<std::pair<int, int>, std::vector<char>> options_;
};

}  // namespace weft::testing
