#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/testing/network_options.hpp"
#include "weft/testing/sim_address.hpp"
#include "weft/testing/sim_chance.hpp"
#include "weft/testing/sim_descriptors.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What lies between simulated sockets.
namespace weft::testing {

class sim_datagram;
class sim_socket;
class sim_stream;

/// What lies between the sockets of a simulated world: who has which address, what is under way,
/// what is broken.
///
/// Rules:
/// 1. Sockets are owned by the descriptors that stand for them (or by messages and queues that hold
///    one); the network knows them while they live, in the order of their creation.
/// 2. What is to happen later is an event, which holds its sockets weakly. Events of equal times
///    happen in the order in which they were made. What takes no time happens at once.
/// 3. Nothing depends on addresses of objects: the same calls give the same run.
class WEFT_EXPORT sim_network {
public:
    using event = std::function<void()>;
    using bindings = std::multimap<std::pair<int, std::uint16_t>, sim_socket*>;

    sim_network(const sim_chance& chance, sim_descriptors& descriptors,
                const clock::time_point& now) noexcept
        : chance_(chance), descriptors_(descriptors), now_(now) {}
    sim_network(const sim_network&) = delete;
    sim_network& operator=(const sim_network&) = delete;
    ~sim_network();

    void configure(const network_options& how);

    // What a test does to it; see `simulator`.
    void partition(std::string_view host);
    void heal(std::string_view host);
    void heal_all();
    void reset_all();

    /// Null when there are no such sockets: `error` says why.
    [[nodiscard]] std::shared_ptr<sim_socket> make(int domain, int type, int protocol, int& error);

    [[nodiscard]] const sim_chance& chance() const noexcept { return chance_; }
    [[nodiscard]] sim_descriptors& descriptors() const noexcept { return descriptors_; }
    [[nodiscard]] clock::time_point now() const noexcept { return now_; }
    [[nodiscard]] bool is_ending() const noexcept { return is_ending_; }

    // Time.
    [[nodiscard]] clock::duration next_delay() const noexcept;
    void at(clock::time_point when, event what);
    [[nodiscard]] clock::time_point next() const noexcept;
    void run_due();
    /// Before the descriptors go: nothing happens any more.
    void end() noexcept;

    // Faults.
    [[nodiscard]] bool is_cut(const sim_address& one, const sim_address& other) const noexcept;
    [[nodiscard]] bool resets() const noexcept { return chance_.strikes(how_.reset_chance_); }
    [[nodiscard]] bool loses_datagram() const noexcept {
        return chance_.strikes(how_.datagram_loss_);
    }
    [[nodiscard]] bool doubles_datagram() const noexcept {
        return chance_.strikes(how_.datagram_duplication_);
    }
    [[nodiscard]] bool fails_connect() const noexcept {
        return chance_.strikes(how_.connect_failure_);
    }
    [[nodiscard]] bool fails_accept() const noexcept {
        return chance_.strikes(how_.accept_failure_);
    }
    [[nodiscard]] std::size_t send_buffer() const noexcept { return how_.send_buffer_; }
    [[nodiscard]] std::size_t receive_buffer() const noexcept { return how_.receive_buffer_; }

    // Who is there.
    void enroll(sim_socket& socket);
    void remove(sim_socket& socket) noexcept;
    /// 0, or -EADDRINUSE.
    int bind(sim_socket& socket, const sim_address& to);
    /// It has the address of another, which made it: an accepted one.
    void bind_beside(sim_socket& socket);
    /// A port of `type` that nobody has; 0 when there is none.
    [[nodiscard]] std::uint16_t free_port(int type) noexcept;
    /// An abstract name that nobody has.
    [[nodiscard]] std::string free_name();
    /// Somebody else listens where this one would: -EADDRINUSE, else 0.
    int listen(sim_stream& socket);
    void unlisten(sim_stream& socket) noexcept;
    /// Null when nobody listens there.
    [[nodiscard]] sim_stream* listener(const sim_address& to, const sim_address& from) const;
    [[nodiscard]] sim_datagram* receiver(const sim_address& to, const sim_address& from) const;
    [[nodiscard]] sim_socket* named(const std::string& path) const noexcept;
    void for_each(const std::function<void(sim_socket&)>& what) const;

private:
    struct pending_event {
        clock::time_point due;
        std::uint64_t number;
        event what;
    };

    [[nodiscard]] static bool later(const pending_event& a, const pending_event& b) noexcept {
        return a.due != b.due ? a.due > b.due : a.number > b.number;
    }

    sim_chance chance_;
    sim_descriptors& descriptors_;
    const clock::time_point& now_;
    network_options how_;
    std::set<sim_host> unreachable_;
    bool is_ending_ = false;

    /// A heap: the first is due next.
    std::vector<pending_event> events_;
    std::uint64_t events_made_ = 0;

    std::map<std::uint64_t, sim_socket*> sockets_;
    std::uint64_t sockets_made_ = 0;
    /// By type of socket and port.
    bindings bound_;
    bindings listeners_;
    std::map<std::string, sim_socket*> names_;
    std::uint16_t last_port_ = 0;
    std::uint32_t last_name_ = 0;
};

}  // namespace weft::testing
