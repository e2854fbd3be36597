#include "weft/io/uring_ring.hpp"

#include "weft/base/fd.hpp"

#include <cerrno>

#if WEFT_HAS_LIBURING

#include "weft/base/check.hpp"
#include "weft/io/attempt.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

namespace weft::detail {

struct uring_ring::rings {
    io_uring kernel{};
    bool is_exclusive = false;
    bool skips_success = false;

    /// Null when the kernel takes none now.
    io_uring_sqe* next() noexcept {
        io_uring_sqe* entry = ::io_uring_get_sqe(&kernel);
        if (entry != nullptr) return entry;
        ::io_uring_submit(&kernel);
        return ::io_uring_get_sqe(&kernel);
    }
};

namespace {

constexpr unsigned exclusive_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                     IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED |
                                     IORING_SETUP_SUBMIT_ALL;  // Linux 6.1
constexpr unsigned cooperative_flags =
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL;  // 5.19
constexpr std::array setups{exclusive_flags, cooperative_flags, 0u};

/// A completion is never dropped, a request is done when its file is ready, waits have a timeout,
/// reads take the file's own position, and a poll may last: Linux 5.13.
constexpr unsigned needed_features = IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL |
                                     IORING_FEAT_EXT_ARG | IORING_FEAT_RW_CUR_POS |
                                     IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_RSRC_TAGS;

constexpr unsigned completions_per_entry = 16;
constexpr std::size_t transfer_max = 0x7ffff000;  // the most that one call moves on Linux
constexpr int rwf_nosignal = 0x100;               // not in the headers before Linux 6.18
constexpr std::uint64_t own_position = ~std::uint64_t{0};

/// `is_exclusive`: whether it may be, then whether it is.
int set_up(io_uring& ring, unsigned entries, bool& is_exclusive) noexcept {
    int error = -EINVAL;
    for (const unsigned flags : setups) {
        if (flags == exclusive_flags && !is_exclusive) continue;
        io_uring_params wanted{};
        wanted.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        wanted.cq_entries = entries * completions_per_entry;
        error = ::io_uring_queue_init_params(entries, &ring, &wanted);
        is_exclusive = flags == exclusive_flags;
        if (error != -EINVAL) break;  // a flag that this kernel does not know
    }
    return error;
}

unsigned bytes_of(const operation& op) noexcept {
    return static_cast<unsigned>(std::min(op.size, transfer_max));
}

void prepare_on_file(io_uring_sqe& entry, const operation& op) noexcept {
    const auto& at = *static_cast<const file_place*>(op.buffer);
    const auto offset = static_cast<std::uint64_t>(at.offset);  // -1 is `own_position`
    if (op.code == operation_code::read_at)
        ::io_uring_prep_read(&entry, op.descriptor, at.bytes, bytes_of(op), offset);
    else
        ::io_uring_prep_write(&entry, op.descriptor, at.bytes, bytes_of(op), offset);
}

/// The first attempt was the driver's: the kernel need not make another before it waits.
void poll_first(io_uring_sqe& entry, bool is_known) noexcept {
    if (is_known) entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
}

}  // namespace

uring_ring::uring_ring(unsigned entries, bool may_be_exclusive)
    : rings_(std::make_unique<rings>()) {
    rings_->is_exclusive = may_be_exclusive;
    const int error = set_up(rings_->kernel, entries, rings_->is_exclusive);
    if (error != 0) throw_system_error(-error, "creating the io_uring of a loop");
    const unsigned features = rings_->kernel.features;
    if ((features & needed_features) != needed_features) {
        ::io_uring_queue_exit(&rings_->kernel);
        throw_system_error(ENOSYS, "creating the io_uring of a loop: it needs Linux 5.13");
    }
    rings_->skips_success = (features & IORING_FEAT_CQE_SKIP) != 0;
}

uring_ring::~uring_ring() {
    ::io_uring_queue_exit(&rings_->kernel);
}

bool uring_ring::is_exclusive() const noexcept {
    return rings_->is_exclusive;
}

int uring_ring::enable() noexcept {
    if (!rings_->is_exclusive) return 0;
    // io_uring_enable_rings is not exported by liburing 2.3.
    return ::io_uring_register(rings_->kernel.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
}

int uring_ring::descriptor() const noexcept {
    return rings_->kernel.ring_fd;
}

bool uring_ring::performs(operation_code code) noexcept {
    switch (code) {
        using enum operation_code;
        case read:
        case receive:
        case send:
        case receive_message:
        case send_message:
        case accept:
        case read_at:
        case write_at:
        case sync:
        case sync_data: return true;
        // Where the kernel cannot leave the signal out, only the masked write will do.
        case write: return kernel_writes_unsignalled();
        case readable:
        case writable:
        // The attempt has begun to connect: what is left is to be told when it has.
        case connect:
        case send_file: return false;
    }
    return false;
}

bool uring_ring::perform(const operation& op, std::uint64_t tag) noexcept {
    io_uring_sqe* const entry = rings_->next();
    if (entry == nullptr) return false;
    const int fd = op.descriptor;
    switch (op.code) {
        using enum operation_code;
        case read: ::io_uring_prep_read(entry, fd, op.buffer, bytes_of(op), own_position); break;
        case write:
            ::io_uring_prep_write(entry, fd, op.buffer, bytes_of(op), own_position);
            entry->rw_flags = rwf_nosignal;
            break;
        case receive: ::io_uring_prep_recv(entry, fd, op.buffer, bytes_of(op), 0); break;
        case send: ::io_uring_prep_send(entry, fd, op.buffer, bytes_of(op), MSG_NOSIGNAL); break;
        case receive_message:
            ::io_uring_prep_recvmsg(entry, fd, static_cast<msghdr*>(op.buffer), MSG_CMSG_CLOEXEC);
            break;
        case send_message:
            ::io_uring_prep_sendmsg(entry, fd, static_cast<msghdr*>(op.buffer), MSG_NOSIGNAL);
            break;
        case accept:
            ::io_uring_prep_accept(entry, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            break;
        case read_at:
        case write_at: prepare_on_file(*entry, op); break;
        case sync: ::io_uring_prep_fsync(entry, fd, 0); break;
        case sync_data: ::io_uring_prep_fsync(entry, fd, IORING_FSYNC_DATASYNC); break;
        default: WEFT_CHECK(false, "the kernel cannot perform this operation");
    }
    const bool is_message = op.code != operation_code::read && op.code != operation_code::write &&
                            op.code != operation_code::accept && !is_of_file(op.code);
    poll_first(*entry, is_message && rings_->is_exclusive && op.size != 0);
    ::io_uring_sqe_set_data64(entry, tag);
    return true;
}

bool uring_ring::poll(int fd, direction way, std::uint64_t tag) noexcept {
    io_uring_sqe* const entry = rings_->next();
    if (entry == nullptr) return false;
    ::io_uring_prep_poll_add(entry, fd, way == direction::in ? POLLIN | POLLRDHUP : POLLOUT);
    ::io_uring_sqe_set_data64(entry, tag);
    return true;
}

bool uring_ring::watch(int fd, std::uint64_t tag) noexcept {
    io_uring_sqe* const entry = rings_->next();
    if (entry == nullptr) return false;
    ::io_uring_prep_poll_multishot(entry, fd, POLLIN);
    ::io_uring_sqe_set_data64(entry, tag);
    return true;
}

bool uring_ring::cancel(std::uint64_t of, std::uint64_t tag) noexcept {
    io_uring_sqe* const entry = rings_->next();
    if (entry == nullptr) return false;
    ::io_uring_prep_cancel64(entry, of, 0);
    if (rings_->skips_success) entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    ::io_uring_sqe_set_data64(entry, tag);
    return true;
}

bool uring_ring::cancel_all_of(int fd, std::uint64_t tag) noexcept {
    io_uring_sqe* const entry = rings_->next();
    if (entry == nullptr) return false;
    ::io_uring_prep_cancel_fd(entry, fd, IORING_ASYNC_CANCEL_ALL);
    ::io_uring_sqe_set_data64(entry, tag);
    return true;
}

bool uring_ring::cancel_all(std::uint64_t tag) noexcept {
    io_uring_sqe* const entry = rings_->next();
    if (entry == nullptr) return false;
    ::io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    ::io_uring_sqe_set_data64(entry, tag);
    return true;
}

bool uring_ring::has_unsubmitted() const noexcept {
    return ::io_uring_sq_ready(&rings_->kernel) != 0;
}

int uring_ring::submit() noexcept {
    return std::min(::io_uring_submit_and_get_events(&rings_->kernel), 0);
}

int uring_ring::wait(clock::duration timeout) noexcept {
    io_uring& ring = rings_->kernel;
    if (timeout < clock::duration::zero()) return std::min(::io_uring_submit_and_wait(&ring, 1), 0);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
    __kernel_timespec limit{seconds.count(), (timeout - seconds).count()};
    io_uring_cqe* unused = nullptr;
    return std::min(::io_uring_submit_and_wait_timeout(&ring, &unused, 1, &limit, nullptr), 0);
}

std::size_t uring_ring::take(std::span<uring_completion> into) noexcept {
    constexpr unsigned most = 64;
    std::array<io_uring_cqe*, most> found;
    io_uring& ring = rings_->kernel;
    const unsigned room = static_cast<unsigned>(std::min<std::size_t>(into.size(), most));
    const unsigned count = ::io_uring_peek_batch_cqe(&ring, found.data(), room);
    for (unsigned i = 0; i < count; ++i) {
        const io_uring_cqe& one = *found[i];
        into[i] = {one.user_data, one.res, (one.flags & IORING_CQE_F_MORE) == 0};
    }
    ::io_uring_cq_advance(&ring, count);
    return count;
}

}  // namespace weft::detail

#else  // without liburing: none can be made, so nothing else is ever called

namespace weft::detail {

struct uring_ring::rings {};

uring_ring::uring_ring(unsigned, bool) {
    throw_system_error(ENOSYS, "creating the io_uring of a loop: weft was built without liburing");
}
uring_ring::~uring_ring() = default;
bool uring_ring::is_exclusive() const noexcept {
    return false;
}
int uring_ring::enable() noexcept {
    return -ENOSYS;
}
int uring_ring::descriptor() const noexcept {
    return -1;
}
bool uring_ring::performs(operation_code) noexcept {
    return false;
}
bool uring_ring::perform(const operation&, std::uint64_t) noexcept {
    return false;
}
bool uring_ring::poll(int, direction, std::uint64_t) noexcept {
    return false;
}
bool uring_ring::watch(int, std::uint64_t) noexcept {
    return false;
}
bool uring_ring::cancel(std::uint64_t, std::uint64_t) noexcept {
    return false;
}
bool uring_ring::cancel_all_of(int, std::uint64_t) noexcept {
    return false;
}
bool uring_ring::cancel_all(std::uint64_t) noexcept {
    return false;
}
bool uring_ring::has_unsubmitted() const noexcept {
    return false;
}
int uring_ring::submit() noexcept {
    return -ENOSYS;
}
int uring_ring::wait(clock::duration) noexcept {
    return -ENOSYS;
}
std::size_t uring_ring::take(std::span<uring_completion>) noexcept {
    return 0;
}

}  // namespace weft::detail

#endif
