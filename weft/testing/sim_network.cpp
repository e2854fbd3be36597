#include "weft/testing/sim_network.hpp"

#include "weft/testing/sim_datagram.hpp"
#include "weft/testing/sim_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <utility>

namespace weft::testing {
namespace {

// The ephemeral ports of Linux (ip_local_port_range).
constexpr std::uint16_t port_first = 32768;
constexpr std::uint16_t port_last = 60999;

bool takes_v4(const sim_socket& socket) noexcept {
    return socket.domain() == AF_INET || socket.option(IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

/// What is sent to `host` comes to who is bound to `local`.
bool covers(const sim_socket& socket, const sim_host& local, const sim_host& host) noexcept {
    if (local == host) return true;
    if (!local.is_any()) return false;
    return host.is_v4() ? local.is_v4() || takes_v4(socket) : !local.is_v4();
}

/// How well it fits: an address of its own, then that of a family.
int rank(const sim_host& local, const sim_host& host) noexcept {
    if (local == host) return 2;
    return local.is_v4() == host.is_v4() ? 1 : 0;
}

/// Of those that share a port by SO_REUSEPORT, who gets what comes from there.
template <class Socket>
Socket* spread(const std::vector<Socket*>& among, const sim_address& from) noexcept {
    if (among.empty()) return nullptr;
    std::size_t sum = from.port;
    for (const std::uint8_t byte : from.host.bytes) sum += byte;
    return among[sum % among.size()];
}

template <class Socket, class Rank>
Socket* best_of(const sim_network::bindings& all, int type, const sim_address& to,
                const sim_address& from, Rank how_well) {
    std::vector<Socket*> best;
    int best_rank = -1;
    const auto [begin, end] = all.equal_range({type, to.port});
    for (auto i = begin; i != end; ++i) {
        auto& socket = static_cast<Socket&>(*i->second);
        const int fits = how_well(socket);
        if (fits < best_rank || fits < 0) continue;
        if (fits > best_rank) best.clear();
        best_rank = fits;
        best.push_back(&socket);
    }
    return spread(best, from);
}

void erase_from(sim_network::bindings& all, const sim_socket& socket) noexcept {
    const auto [begin, end] = all.equal_range({socket.type(), socket.local().port});
    for (auto i = begin; i != end; ++i)
        if (i->second == &socket) {
            all.erase(i);
            return;
        }
}

}  // namespace

sim_network::~sim_network() = default;

void sim_network::configure(const network_options& how) {
    how_ = how;
    for (const std::string& host : how.unreachable_)
        unreachable_.insert(sim_address::host_of(host));
}

// Time.

clock::duration sim_network::next_delay() const noexcept {
    return chance_.between(choice::arrival, how_.delay_min_, how_.delay_max_);
}

void sim_network::at(clock::time_point when, event what) {
    if (when <= now_) return what();
    events_.push_back({when, ++events_made_, std::move(what)});
    std::push_heap(events_.begin(), events_.end(), later);
}

clock::time_point sim_network::next() const noexcept {
    return events_.empty() ? clock::never : events_.front().due;
}

void sim_network::run_due() {
    while (!events_.empty() && events_.front().due <= now_) {
        std::pop_heap(events_.begin(), events_.end(), later);
        const event what = std::move(events_.back().what);
        events_.pop_back();
        what();
    }
}

void sim_network::end() noexcept {
    is_ending_ = true;
    events_.clear();
    // Sockets that are under way through themselves would keep each other.
    sim_files dropped;
    for (const auto& [id, socket] : sockets_) dropped.push_back(socket->shared_from_this());
    for (const auto& one : dropped) static_cast<sim_socket&>(*one).drop_all();
}

// Faults.

bool sim_network::is_cut(const sim_address& one, const sim_address& other) const noexcept {
    return unreachable_.contains(one.host) || unreachable_.contains(other.host);
}

void sim_network::partition(std::string_view host) {
    unreachable_.insert(sim_address::host_of(host));
}

void sim_network::heal(std::string_view host) {
    unreachable_.erase(sim_address::host_of(host));
    for_each([](sim_socket& socket) { socket.mended(); });
}

void sim_network::heal_all() {
    unreachable_.clear();
    for_each([](sim_socket& socket) { socket.mended(); });
}

void sim_network::reset_all() {
    for_each([](sim_socket& socket) { socket.lose_connection(); });
}

// Who is there.

void sim_network::enroll(sim_socket& socket) {
    socket.id_ = ++sockets_made_;
    sockets_.emplace(socket.id_, &socket);
}

void sim_network::remove(sim_socket& socket) noexcept {
    sockets_.erase(socket.id_);
    if (!socket.is_bound_) return;
    if (!socket.is_unix())
        erase_from(bound_, socket);
    else if (const auto at = names_.find(socket.local().path);
             at != names_.end() && at->second == &socket)
        names_.erase(at);
}

void sim_network::for_each(const std::function<void(sim_socket&)>& what) const {
    // What is done to one may be the end of another.
    std::vector<std::weak_ptr<sim_socket>> all;
    all.reserve(sockets_.size());
    for (const auto& [id, socket] : sockets_) all.push_back(socket->weak_from_this());
    for (const auto& one : all)
        if (const auto socket = one.lock()) what(*socket);
}

int sim_network::bind(sim_socket& socket, const sim_address& to) {
    if (socket.is_unix()) return names_.emplace(to.path, &socket).second ? 0 : -EADDRINUSE;
    const auto [begin, end] = bound_.equal_range({socket.type(), to.port});
    const auto both = [&](const sim_socket& other, int name) {
        return socket.option(SOL_SOCKET, name) != 0 && other.option(SOL_SOCKET, name) != 0;
    };
    for (auto i = begin; i != end; ++i) {
        const sim_socket& other = *i->second;
        const sim_host& host = other.local().host;
        if (!covers(socket, to.host, host) && !covers(other, host, to.host)) continue;
        if (both(other, SO_REUSEPORT) || (both(other, SO_REUSEADDR) && !other.is_listening()))
            continue;
        return -EADDRINUSE;
    }
    bound_.emplace(std::pair(socket.type(), to.port), &socket);
    return 0;
}

void sim_network::bind_beside(sim_socket& socket) {
    if (!socket.is_unix()) bound_.emplace(std::pair(socket.type(), socket.local().port), &socket);
}

std::uint16_t sim_network::free_port(int type) noexcept {
    for (int tries = 0; tries <= port_last - port_first; ++tries) {
        last_port_ = last_port_ < port_first || last_port_ >= port_last
                         ? port_first
                         : static_cast<std::uint16_t>(last_port_ + 1);
        if (bound_.find({type, last_port_}) == bound_.end()) return last_port_;
    }
    return 0;
}

std::string sim_network::free_name() {
    // As unix(7) has it: a zero byte and five hexadecimal digits.
    constexpr std::string_view digits = "0123456789abcdef";
    for (;;) {
        std::string name(6, '\0');
        std::uint32_t number = ++last_name_;
        for (std::size_t i = 5; i > 0; --i, number /= 16) name[i] = digits[number % 16];
        if (!names_.contains(name)) return name;
    }
}

int sim_network::listen(sim_stream& socket) {
    if (socket.is_unix()) return 0;
    const auto [begin, end] = listeners_.equal_range({socket.type(), socket.local().port});
    for (auto i = begin; i != end; ++i) {
        const sim_socket& other = *i->second;
        if (!covers(socket, socket.local().host, other.local().host) &&
            !covers(other, other.local().host, socket.local().host))
            continue;
        if (socket.option(SOL_SOCKET, SO_REUSEPORT) == 0 ||
            other.option(SOL_SOCKET, SO_REUSEPORT) == 0)
            return -EADDRINUSE;
    }
    listeners_.emplace(std::pair(socket.type(), socket.local().port), &socket);
    return 0;
}

void sim_network::unlisten(sim_stream& socket) noexcept {
    if (!socket.is_unix()) erase_from(listeners_, socket);
}

sim_stream* sim_network::listener(const sim_address& to, const sim_address& from) const {
    return best_of<sim_stream>(listeners_, SOCK_STREAM, to, from, [&](const sim_stream& socket) {
        const sim_host& local = socket.local().host;
        return covers(socket, local, to.host) ? rank(local, to.host) : -1;
    });
}

sim_datagram* sim_network::receiver(const sim_address& to, const sim_address& from) const {
    return best_of<sim_datagram>(bound_, SOCK_DGRAM, to, from, [&](const sim_datagram& socket) {
        const sim_host& local = socket.local().host;
        if (!covers(socket, local, to.host) || !socket.takes_from(from)) return -1;
        return rank(local, to.host) + (socket.has_peer() ? 4 : 0);
    });
}

sim_socket* sim_network::named(const std::string& path) const noexcept {
    const auto at = names_.find(path);
    return at == names_.end() ? nullptr : at->second;
}

std::shared_ptr<sim_socket> sim_network::make(int domain, int type, int protocol, int& error) {
    const bool is_ip = domain == AF_INET || domain == AF_INET6;
    if (!is_ip && domain != AF_UNIX) {
        error = -EAFNOSUPPORT;
        return nullptr;
    }
    const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (kind != SOCK_STREAM && kind != SOCK_DGRAM) {
        error = -ESOCKTNOSUPPORT;
        return nullptr;
    }
    const int proper = !is_ip ? 0 : kind == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (protocol != 0 && protocol != proper) {
        error = -EPROTONOSUPPORT;
        return nullptr;
    }
    std::shared_ptr<sim_socket> made;
    if (kind == SOCK_STREAM)
        made = std::make_shared<sim_stream>(*this, domain, proper);
    else
        made = std::make_shared<sim_datagram>(*this, domain, proper);
    error = 0;
    return made;
}

}  // namespace weft::testing
