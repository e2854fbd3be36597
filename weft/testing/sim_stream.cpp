#include "weft/testing/sim_stream.hpp"

#include "weft/testing/sim_message.hpp"
#include "weft/testing/sim_network.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace weft::testing {

using detail::direction;

namespace {

/// A stream's messages come from nobody in particular.
void describe(msghdr& message) noexcept {
    message.msg_namelen = 0;
    message.msg_flags = MSG_CMSG_CLOEXEC;
}

}  // namespace

sim_stream::~sim_stream() {
    if (is_listening()) stop_listening();
    const std::shared_ptr<sim_stream> peer = peer_.lock();
    if (peer == nullptr || network().is_ending()) return;
    if (is_unix()) {
        end_unix(*peer);
        return;
    }
    linger how{};
    std::size_t size = sizeof how;
    get_option(SOL_SOCKET, SO_LINGER, &how, size);
    const bool is_abort = !is_accepted_ || arrived_.size() > 0 || under_way_bytes_ > 0 ||
                          (how.l_onoff != 0 && how.l_linger == 0);
    if (is_abort)
        dispatch(*peer, {parcel_kind::reset, {}, {}});
    else if (!is_write_shut_)
        dispatch(*peer, {parcel_kind::end, {}, {}});
}

void sim_stream::end_unix(sim_stream& peer) {
    if (arrived_.size() > 0 || !is_accepted_) peer.error_ = ECONNRESET;
    peer.is_ended_ = peer.is_write_shut_ = true;
    peer.changed();
}

void sim_stream::drop_all() noexcept {
    std::exchange(queue_, {}).clear();
    std::exchange(under_way_, {}).clear();
    arrived_.clear();
}

int sim_stream::shutdown(int how) {
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
    const bool ends_reading = how != SHUT_WR;
    const bool ends_writing = how != SHUT_RD;
    if (is_listening()) {
        if (ends_reading) stop_listening();
        changed();
        return 0;
    }
    if (!is_connected() && !is_unix()) return -ENOTCONN;
    const std::shared_ptr<sim_stream> peer = peer_.lock();
    if (ends_reading) is_read_shut_ = true;
    if (ends_writing && !std::exchange(is_write_shut_, true) && peer != nullptr && !is_unix())
        dispatch(*peer, {parcel_kind::end, {}, {}});
    if (is_unix() && peer != nullptr) {
        if (ends_reading) peer->is_write_shut_ = true;
        if (ends_writing) peer->is_ended_ = true;
        peer->changed();
    }
    changed();
    return 0;
}

// Reading and writing.

std::size_t sim_stream::room() const noexcept {
    const std::shared_ptr<sim_stream> peer = peer_.lock();
    if (peer == nullptr) return send_buffer() + receive_buffer();
    const std::size_t capacity = send_buffer() + peer->receive_buffer();
    const std::size_t held = peer->arrived_.size() + peer->under_way_bytes_;
    return capacity - std::min(capacity, held);
}

bool sim_stream::is_ready(direction way) const noexcept {
    if (is_listening()) return way == direction::in && !queue_.empty();
    if (is_ == state::connecting) return false;
    // poll(2) says POLLHUP of a socket that was never connected, or is no more.
    if (!is_connected() || error_ != 0) return true;
    if (way == direction::in) return arrived_.size() > 0 || is_ended_ || is_read_shut_;
    return is_write_shut_ || room() > 0;
}

bool sim_stream::can_perform(const operation& op) const noexcept {
    using enum operation_code;
    const bool waits = op.code == operation_code::accept || op.code == readable ||
                       op.code == writable || op.code == operation_code::connect;
    // One that listens has no bytes to wait for: that is an error, at once.
    return is_listening() && !waits ? true : sim_socket::can_perform(op);
}

std::size_t sim_stream::available(direction way) const noexcept {
    if (way == direction::in) return arrived_.size();
    return is_connected() && error_ == 0 && !is_write_shut_ ? room() : 0;
}

std::int64_t sim_stream::why_not_read(std::size_t size) noexcept {
    if (is_ended_ && !is_unix()) return 0;
    if (error_ != 0) return take_error();
    if (is_ended_ || is_read_shut_ || is_ == state::dead) return 0;
    if (!is_connected() && is_ != state::connecting) return is_unix() ? -EINVAL : -ENOTCONN;
    return size == 0 ? 0 : -EAGAIN;
}

std::int64_t sim_stream::why_not_write() noexcept {
    if (is_ == state::connecting) return -EAGAIN;
    if (is_unix()) {
        if (is_ == state::idle || is_listening()) return -ENOTCONN;
        return is_write_shut_ ? -EPIPE : 0;
    }
    if (error_ != 0) return take_error();
    return !is_connected() || is_write_shut_ ? -EPIPE : 0;
}

std::int64_t sim_stream::read(void* bytes, std::size_t size) {
    if (arrived_.size() == 0 || size == 0) return why_not_read(size);
    sim_files dropped;
    const std::string taken = arrived_.take(size, dropped);
    std::memcpy(bytes, taken.data(), taken.size());
    if (const auto peer = peer_.lock()) peer->changed();
    changed();
    return static_cast<std::int64_t>(taken.size());
}

std::int64_t sim_stream::receive(msghdr& message, const sim_chance& chance) {
    const std::size_t size = std::min(message_size(message), arrived_.size());
    if (size == 0) {
        const std::int64_t result = why_not_read(message_size(message));
        if (result == 0) {
            describe(message);
            message.msg_controllen = 0;
        }
        return result;
    }
    sim_files files;
    const std::string taken = arrived_.take(chance.part_of(size), files);
    scatter(taken, message);
    describe(message);
    deliver_files(files, network().descriptors(), message);
    if (const auto peer = peer_.lock()) peer->changed();
    changed();
    return static_cast<std::int64_t>(taken.size());
}

std::int64_t sim_stream::write(const void* bytes, std::size_t size) {
    if (const std::int64_t error = why_not_write(); error != 0) return error;
    if (size == 0) return 0;
    if (room() == 0) return -EAGAIN;
    return put(std::string(static_cast<const char*>(bytes), std::min(size, room())), {});
}

std::int64_t sim_stream::send(const msghdr& message, const sim_chance& chance) {
    sim_files files;
    if (const int error = files_of(message, network().descriptors(), files); error != 0)
        return error;
    if (!files.empty() && !is_unix()) return -EINVAL;
    if (const std::int64_t error = why_not_write(); error != 0) return error;
    const std::size_t size = message_size(message);
    if (size == 0) return 0;
    if (room() == 0) return -EAGAIN;
    return put(gather(message, chance.part_of(std::min(size, room()))), std::move(files));
}

/// REQUIRES: there is room, and a connection.
std::int64_t sim_stream::put(std::string bytes, sim_files files) {
    const auto count = static_cast<std::int64_t>(bytes.size());
    if (const std::shared_ptr<sim_stream> peer = peer_.lock())
        dispatch(*peer, {parcel_kind::bytes, std::move(bytes), std::move(files)});
    else
        dispatch(*this, {parcel_kind::reset, {}, {}});  // nobody is there: so it is answered
    if (!is_unix()) maybe_lose();
    changed();
    return count;
}

// What is under way.

/// When what is sent to it now arrives: not before what was sent earlier.
clock::time_point sim_stream::soonest() const noexcept {
    if (is_unix()) return network().now();
    return std::max(saturating_add(network().now(), network().next_delay()), last_due_);
}

void sim_stream::dispatch(sim_stream& to, parcel what) {
    const bool is_late = !to.under_way_.empty() && to.under_way_.back().due == clock::never;
    const bool is_held = !is_unix() && (is_late || network().is_cut(local_, remote_));
    what.due = is_held ? clock::never : to.soonest();
    if (!is_held) to.last_due_ = what.due;
    const clock::time_point due = what.due;
    to.under_way_bytes_ += what.bytes.size();
    to.under_way_.push_back(std::move(what));
    is_held ? give_up_later() : to.arrive_at(due);
}

void sim_stream::arrive_at(clock::time_point due) {
    network().at(due, [self = weak_from_this()] {
        if (const auto there = self.lock()) static_cast<sim_stream&>(*there).arrive();
    });
}

void sim_stream::arrive() {
    const std::shared_ptr<sim_socket> alive = shared_from_this();
    while (!under_way_.empty() && under_way_.front().due <= network().now()) {
        parcel what = std::move(under_way_.front());
        under_way_.pop_front();
        under_way_bytes_ -= what.bytes.size();
        take_in(what);
    }
    changed();
}

void sim_stream::take_in(parcel& what) {
    switch (what.kind) {
        case parcel_kind::bytes:
            if (is_connected()) arrived_.append(std::move(what.bytes), std::move(what.files));
            return;
        case parcel_kind::end: is_ended_ = true; return;
        case parcel_kind::established:
            if (is_ == state::connecting) is_ = state::connected;
            return;
        case parcel_kind::refused: return fail_connect(ECONNREFUSED);
        case parcel_kind::reset: return reset(ECONNRESET);
    }
}

/// The connection is no more. What has arrived can still be read.
void sim_stream::reset(int error) {
    if (const auto peer = peer_.lock()) peer->peer_.reset();
    peer_.reset();
    if (is_ == state::connecting) return fail_connect(ECONNREFUSED);
    if (is_ != state::connected) return;
    is_ = state::dead;
    error_ = is_ended_ && error == ECONNRESET ? EPIPE : error;
    std::exchange(under_way_, {}).clear();
    under_way_bytes_ = 0;
    changed();
}

void sim_stream::give_up_later() {
    // As many tries as net.ipv4.tcp_retries2 has.
    constexpr auto patience = std::chrono::milliseconds(924'600);
    if (std::exchange(is_held_up_, true)) return;
    const auto begin = ++hold_ups_;
    network().at(saturating_add(network().now(), patience), [self = weak_from_this(), begin] {
        const auto there = std::static_pointer_cast<sim_stream>(self.lock());
        if (there != nullptr && there->is_held_up_ && there->hold_ups_ == begin)
            there->reset(ETIMEDOUT);
    });
}

void sim_stream::mended() {
    if (is_unix() || network().is_cut(local_, remote_)) return;
    is_held_up_ = false;
    // The other end may be gone, and what it has sent still be held up.
    std::vector<clock::time_point> dues;
    for (parcel& what : under_way_) {
        if (what.due != clock::never) continue;
        what.due = last_due_ = soonest();
        dues.push_back(what.due);
    }
    for (const clock::time_point due : dues) arrive_at(due);
}

void sim_stream::lose_connection() {
    if (is_unix() || !is_connected()) return;
    const std::shared_ptr<sim_stream> peer = peer_.lock();
    reset(ECONNRESET);
    if (peer != nullptr) peer->reset(ECONNRESET);
}

/// Both ends lose the connection, or one does and the other learns of it when it sends.
void sim_stream::maybe_lose() {
    const std::shared_ptr<sim_stream> peer = peer_.lock();
    if (peer == nullptr || !is_connected() || !network().resets()) return;
    const std::size_t how = network().chance().choose(choice::fault, 3);
    if (how != 1) reset(ECONNRESET);
    if (how != 2) peer->reset(ECONNRESET);
}

}  // namespace weft::testing
