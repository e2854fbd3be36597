#include "weft/testing/sim_datagram.hpp"

#include "weft/testing/sim_message.hpp"
#include "weft/testing/sim_network.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weft::testing {

using detail::direction;

namespace {

constexpr std::size_t udp_v4_max = 65'507;
constexpr std::size_t udp_v6_max = 65'527;
constexpr std::size_t unix_queue_max = 11;  // net.unix.max_dgram_qlen, and one

/// The address that a message names, in `room`; null when it names none.
const sim_address* named_by(const msghdr& message, int domain, sim_address& room, int& error) {
    error = 0;
    if (message.msg_name == nullptr || message.msg_namelen == 0) return nullptr;
    error = room.read(domain, message.msg_name, message.msg_namelen);
    return &room;
}

}  // namespace

sim_datagram::~sim_datagram() {
    if (network().is_ending() || !is_unix() || !is_full()) return;
    // Who waits for room is to find nobody.
    const auto full = std::exchange(queue_, {});
    network().for_each([](sim_socket& other) { other.changed(); });
}

void sim_datagram::drop_all() noexcept {
    std::exchange(queue_, {}).clear();
}

void sim_datagram::join(sim_datagram& one, sim_datagram& other) {
    one.has_peer_ = other.has_peer_ = true;
    one.peer_ = std::static_pointer_cast<sim_datagram>(other.shared_from_this());
    other.peer_ = std::static_pointer_cast<sim_datagram>(one.shared_from_this());
}

int sim_datagram::shutdown(int how) {
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
    if (!has_peer_) return -ENOTCONN;
    is_read_shut_ |= how != SHUT_WR;
    is_write_shut_ |= how != SHUT_RD;
    changed();
    return 0;
}

std::int64_t sim_datagram::connect(const sim_address& to) {
    if (is_unix()) {
        int error = 0;
        sim_datagram* const target = unix_target(&to, error);
        if (target == nullptr) return error;
        peer_ = std::static_pointer_cast<sim_datagram>(target->shared_from_this());
        remote_ = to;
        has_peer_ = true;
        changed();
        return 0;
    }
    sim_address target = to;
    if (target.host.is_any())
        target.host = sim_host::loopback(target.host.is_v4() ? AF_INET : AF_INET6);
    if (const int error = bind_somewhere(target.host); error != 0) return error;
    if (local_.host.is_any()) local_.host = target.host;
    remote_ = target;
    has_peer_ = true;
    changed();
    return 0;
}

std::int64_t sim_datagram::disconnect() {
    has_peer_ = false;
    peer_.reset();
    remote_ = sim_address();
    remote_.host = sim_host::any(domain());
    changed();
    return 0;
}

// Receiving.

bool sim_datagram::is_full() const noexcept {
    return is_unix() ? queue_.size() >= unix_queue_max : queued_bytes_ >= receive_buffer();
}

bool sim_datagram::is_ready(direction way) const noexcept {
    if (error_ != 0) return true;
    if (way == direction::in) return !queue_.empty() || is_read_shut_;
    const auto peer = peer_.lock();
    return !is_unix() || is_write_shut_ || peer == nullptr || !peer->is_full();
}

bool sim_datagram::can_perform(const operation& op) const noexcept {
    if (op.code == operation_code::send_message && is_unix()) {
        const auto& message = *static_cast<const msghdr*>(op.buffer);
        sim_address room;
        int error = 0;
        const sim_address* const to = named_by(message, domain(), room, error);
        const sim_datagram* const target = error == 0 ? unix_target(to, error) : nullptr;
        return target == nullptr || is_write_shut_ || !target->is_full();
    }
    return sim_socket::can_perform(op);
}

int sim_datagram::refusal(const operation& op) const noexcept {
    // A file is no datagram here.
    return op.code == operation_code::send_file ? -EINVAL : sim_socket::refusal(op);
}

std::int64_t sim_datagram::why_not_receive() noexcept {
    if (error_ != 0) return take_error();
    if (!queue_.empty()) return 0;
    return -EAGAIN;
}

/// REQUIRES: there is one.
sim_datagram::datagram sim_datagram::take() {
    const bool was_full = is_full();
    datagram first = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= first.bytes.size();
    changed();
    if (is_unix() && was_full) network().for_each([](sim_socket& other) { other.changed(); });
    return first;
}

std::int64_t sim_datagram::read(void* bytes, std::size_t size) {
    if (const std::int64_t error = why_not_receive(); error != 0)
        return error == -EAGAIN && is_read_shut_ ? 0 : error;
    const datagram first = take();
    const std::size_t count = std::min(size, first.bytes.size());
    std::memcpy(bytes, first.bytes.data(), count);
    return static_cast<std::int64_t>(count);
}

std::int64_t sim_datagram::receive(msghdr& message, const sim_chance&) {
    if (const std::int64_t error = why_not_receive(); error != 0) {
        if (error != -EAGAIN || !is_read_shut_) return error;
        message.msg_namelen = message.msg_flags = 0;
        message.msg_controllen = 0;
        return 0;
    }
    const datagram first = take();
    const std::size_t room = message_size(message);
    scatter(first.bytes, message);
    message.msg_flags = MSG_CMSG_CLOEXEC | (room < first.bytes.size() ? MSG_TRUNC : 0);
    const bool is_nameless = is_unix() && first.from.path.empty();
    std::size_t size = message.msg_name == nullptr || is_nameless ? 0 : message.msg_namelen;
    if (size > 0) first.from.write(domain(), message.msg_name, size);
    message.msg_namelen = static_cast<socklen_t>(size);
    deliver_files(first.files, network().descriptors(), message);
    return static_cast<std::int64_t>(std::min(room, first.bytes.size()));
}

void sim_datagram::take_in(datagram what) {
    queued_bytes_ += what.bytes.size();
    queue_.push_back(std::move(what));
    changed();
}

// Sending.

std::int64_t sim_datagram::write(const void* bytes, std::size_t size) {
    return post({std::string(static_cast<const char*>(bytes), size), {}, {}}, nullptr);
}

std::int64_t sim_datagram::send(const msghdr& message, const sim_chance&) {
    sim_address room;
    int error = 0;
    const sim_address* const to = named_by(message, domain(), room, error);
    if (error != 0) return error;
    datagram what{gather(message, message_size(message)), {}, {}};
    if (error = files_of(message, network().descriptors(), what.files); error != 0) return error;
    if (!what.files.empty() && !is_unix()) return -EINVAL;
    return post(std::move(what), to);
}

std::int64_t sim_datagram::post(datagram what, const sim_address* to) {
    if (is_write_shut_) return -EPIPE;
    return is_unix() ? post_unix(std::move(what), to) : post_udp(std::move(what), to);
}

/// Null: `error` says why.
sim_datagram* sim_datagram::unix_target(const sim_address* to, int& error) const {
    error = 0;
    if (to == nullptr) {
        const auto peer = peer_.lock();
        error = !has_peer_ ? -ENOTCONN : peer == nullptr ? -ECONNREFUSED : 0;
        return peer.get();
    }
    sim_socket* const named = to->path.empty() ? nullptr : network().named(to->path);
    if (named == nullptr)
        error = to->path.empty() ? -EINVAL : to->path[0] == '\0' ? -ECONNREFUSED : -ENOENT;
    else if (named->type() != type())
        error = -EPROTOTYPE;
    if (error != 0) return nullptr;
    auto* const target = static_cast<sim_datagram*>(named);
    // One that has a peer takes from nobody else.
    if (target->has_peer_ && target->peer_.lock().get() != this) error = -EPERM;
    return error == 0 ? target : nullptr;
}

std::int64_t sim_datagram::post_unix(datagram what, const sim_address* to) {
    int error = 0;
    sim_datagram* const target = unix_target(to, error);
    if (target == nullptr) return error;
    if (what.bytes.size() + 32 > 2 * send_buffer()) return -EMSGSIZE;
    if (target->is_read_shut_) return -EPIPE;
    if (target->is_full()) return -EAGAIN;
    const auto count = static_cast<std::int64_t>(what.bytes.size());
    what.from = local_;
    target->take_in(std::move(what));
    return count;
}

std::int64_t sim_datagram::post_udp(datagram what, const sim_address* to) {
    if (error_ != 0) return take_error();
    if (to == nullptr && !has_peer_) return -EDESTADDRREQ;
    sim_address target = to == nullptr ? remote_ : *to;
    if (target.port == 0) return -EINVAL;
    if (target.host.is_any())
        target.host = sim_host::loopback(target.host.is_v4() ? AF_INET : AF_INET6);
    if (what.bytes.size() > (target.host.is_v4() ? udp_v4_max : udp_v6_max)) return -EMSGSIZE;
    // Bound to every address until it is connected: each datagram leaves by the one that suits.
    if (const int error = bind_somewhere(sim_host::any(domain())); error != 0) return error;
    what.from = local_;
    if (what.from.host.is_any()) what.from.host = target.host;
    const auto count = static_cast<std::int64_t>(what.bytes.size());
    if (network().is_cut(what.from, target) || network().loses_datagram()) return count;
    if (network().doubles_datagram()) fly(what, target);
    fly(what, target);
    return count;
}

void sim_datagram::fly(const datagram& what, const sim_address& to) {
    const std::weak_ptr<sim_socket> self = weak_from_this();
    sim_network& through = network();
    through.at(saturating_add(through.now(), through.next_delay()), [self, &through, what, to] {
        if (through.is_cut(what.from, to)) return;
        sim_datagram* const receiver = through.receiver(to, what.from);
        if (receiver != nullptr) {
            if (!receiver->is_full()) receiver->take_in(what);
            return;
        }
        const auto sender = std::static_pointer_cast<sim_datagram>(self.lock());
        // As an ICMP message would have it.
        if (sender == nullptr || !sender->has_peer_ || sender->remote_ != to) return;
        sender->error_ = ECONNREFUSED;
        sender->changed();
    });
}

}  // namespace weft::testing
