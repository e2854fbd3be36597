// How stream sockets find each other: listening, connecting, accepting.

#include "weft/testing/sim_network.hpp"
#include "weft/testing/sim_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <utility>

namespace weft::testing {
namespace {

constexpr std::size_t backlog_max = 4096;  // net.core.somaxconn
/// How often Linux asks for a connection again (net.ipv4.tcp_syn_retries): after 1 s, 2 s, 4 s...
constexpr int syn_retries = 6;

}  // namespace

void sim_stream::join(sim_stream& one, sim_stream& other) {
    one.is_ = other.is_ = state::connected;
    one.peer_ = std::static_pointer_cast<sim_stream>(other.shared_from_this());
    other.peer_ = std::static_pointer_cast<sim_stream>(one.shared_from_this());
}

int sim_stream::listen(int backlog) {
    if (is_ != state::idle && is_ != state::listening) return -EINVAL;
    // A negative one is a very large one to Linux.
    backlog_ = backlog < 0 ? backlog_max : std::min(static_cast<std::size_t>(backlog), backlog_max);
    if (is_listening()) return 0;
    if (is_unix() && !is_bound_) return -EINVAL;
    if (!is_unix() && bind_somewhere(sim_host::any(domain())) != 0) return -EADDRINUSE;
    if (const int error = network().listen(*this); error != 0) return error;
    is_ = state::listening;
    return 0;
}

/// Whoever waits to be accepted is reset.
void sim_stream::stop_listening() noexcept {
    network().unlisten(*this);
    is_ = state::idle;
    std::exchange(queue_, {}).clear();
}

std::int64_t sim_stream::accept(const sim_chance& chance) {
    if (!is_listening()) return -EINVAL;
    if (!network().descriptors().has_room()) return -EMFILE;
    if (queue_.empty()) return -EAGAIN;
    if (network().fails_accept()) {
        constexpr std::array errors{ECONNABORTED, EMFILE, ENFILE, ENOBUFS};
        const int error = errors[chance.choose(choice::fault, errors.size())];
        if (error == ECONNABORTED) queue_.pop_front();
        return -error;
    }
    const std::shared_ptr<sim_stream> first = std::move(queue_.front());
    queue_.pop_front();
    first->is_accepted_ = true;
    return network().descriptors().open(first);
}

std::int64_t sim_stream::connect(const sim_address& to) {
    if (is_ == state::connecting) return -EAGAIN;
    // A second call tells what became of the first.
    if (error_ != 0 && is_ == state::idle) return take_error();
    if (is_ != state::idle) return 0;
    if (is_unix()) return connect_unix(to);
    if (to.port == 0) return -ECONNREFUSED;
    sim_address target = to;
    if (target.host.is_any())
        target.host = sim_host::loopback(target.host.is_v4() ? AF_INET : AF_INET6);
    if (domain() == AF_INET6 && target.host.is_v4() && option(IPPROTO_IPV6, IPV6_V6ONLY) != 0)
        return -ENETUNREACH;
    if (const int error = bind_somewhere(target.host); error != 0) return error;
    // From one host of this world to itself, unless it was bound to another.
    if (local_.host.is_any()) local_.host = target.host;
    remote_ = target;
    is_ = state::connecting;
    is_ignored_ = false;
    if (network().fails_connect()) {
        constexpr std::array errors{ECONNREFUSED, EHOSTUNREACH, 0};
        const int error = errors[network().chance().choose(choice::fault, errors.size())];
        if (error != 0) fail_connect(error);
        is_ignored_ = error == 0;
    }
    if (is_ == state::connecting) knock(0);
    if (is_connected()) return 0;
    return is_ == state::idle ? take_error() : -EAGAIN;
}

std::int64_t sim_stream::connect_unix(const sim_address& to) {
    if (to.path.empty()) return -EINVAL;
    sim_socket* const named = network().named(to.path);
    if (named == nullptr) return to.path[0] == '\0' ? -ECONNREFUSED : -ENOENT;
    if (named->type() != type()) return -EPROTOTYPE;
    if (!named->is_listening()) return -ECONNREFUSED;
    auto& listener = static_cast<sim_stream&>(*named);
    if (!listener.has_backlog()) return -EBUSY;  // no readiness would follow
    remote_ = to;
    is_ = state::connected;
    peer_ = listener.answer(*this);
    listener.changed();
    return 0;
}

/// The other end of a connection, in the queue of this listener.
std::shared_ptr<sim_stream> sim_stream::answer(sim_stream& client) {
    const auto made =
        std::make_shared<sim_stream>(network(), domain(), is_unix() ? 0 : IPPROTO_TCP);
    made->inherit(*this);
    made->local_ = is_unix() ? local_ : client.remote_;
    made->remote_ = client.local_;
    made->is_ = state::connected;
    made->is_accepted_ = false;
    made->is_bound_ = true;
    made->peer_ = std::static_pointer_cast<sim_stream>(client.shared_from_this());
    network().bind_beside(*made);
    queue_.push_back(made);
    return made;
}

/// Asks for a connection, for the first time or again.
void sim_stream::knock(int attempt) {
    if (is_ignored_ || network().is_cut(local_, remote_)) return try_again(attempt);
    network().at(saturating_add(network().now(), network().next_delay()),
                 [self = weak_from_this(), attempt] {
                     const auto there = std::static_pointer_cast<sim_stream>(self.lock());
                     if (there != nullptr) there->knocked_at(attempt);
                 });
}

/// It has got there.
void sim_stream::knocked_at(int attempt) {
    if (is_ != state::connecting || peer_.lock() != nullptr) return;
    sim_stream* const listener = network().listener(remote_, local_);
    if (listener == nullptr) return dispatch(*this, {parcel_kind::refused, {}, {}});
    // Linux says nothing when there is no room, and is asked again.
    if (!listener->has_backlog()) return try_again(attempt);
    peer_ = listener->answer(*this);
    dispatch(*this, {parcel_kind::established, {}, {}});
    listener->changed();
}

/// Nobody has answered.
void sim_stream::try_again(int attempt) {
    const auto later = std::chrono::seconds(std::int64_t{1} << attempt);
    network().at(saturating_add(network().now(), later), [self = weak_from_this(), attempt] {
        const auto there = std::static_pointer_cast<sim_stream>(self.lock());
        if (there == nullptr || there->is_ != state::connecting) return;
        if (attempt == syn_retries)
            there->fail_connect(ETIMEDOUT);
        else
            there->knock(attempt + 1);
    });
}

void sim_stream::fail_connect(int error) {
    if (is_ != state::connecting) return;
    is_ = state::idle;
    error_ = error;
    changed();
}

}  // namespace weft::testing
