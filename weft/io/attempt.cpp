#include "weft/io/attempt.hpp"

#include "weft/base/fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace weft::detail {
namespace {

constexpr int rwf_nosignal = 0x100;  // not in the headers before Linux 6.18

/// The most that one read or write moves on Linux. A larger size is not an error to the kernel,
/// except where it does not fit an ssize_t.
constexpr std::size_t transfer_max = 0x7ffff000;

/// The call's result, or the negative of its errno. EINTR is repeated: only a call that blocks
/// meets it, on a regular file.
template <class Call>
std::int64_t result_of(Call call) noexcept {
    for (;;) {
        const ssize_t result = call();
        if (result >= 0) return result;
        if (errno != EINTR) return -errno;
    }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_NAMED_CALLS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WEFT_NAMED_CALLS 1
#endif
#endif

/// recv(2) and send(2) without their names: in libc these are points at which a thread can be
/// cancelled, for two atomic exchanges and 60 instructions a call as soon as a process has two
/// threads. Sanitizers know what the named ones do to memory.
std::int64_t receive_now(int fd, void* into, std::size_t size) noexcept {
#ifdef WEFT_NAMED_CALLS
    return result_of([&] { return ::recv(fd, into, size, 0); });
#else
    return result_of([&] { return ::syscall(SYS_recvfrom, fd, into, size, 0, nullptr, nullptr); });
#endif
}

std::int64_t send_now(int fd, const void* bytes, std::size_t size) noexcept {
#ifdef WEFT_NAMED_CALLS
    return result_of([&] { return ::send(fd, bytes, size, MSG_NOSIGNAL); });
#else
    return result_of(
        [&] { return ::syscall(SYS_sendto, fd, bytes, size, MSG_NOSIGNAL, nullptr, 0); });
#endif
}

/// 0 when `events` or an end or an error is there, else -EAGAIN. A descriptor without a poll
/// function (a regular file) is always ready to poll(2).
std::int64_t poll_now(int fd, short events) noexcept {
    if (fd < 0) return -EBADF;  // poll(2) passes over such
    pollfd one{fd, events, 0};
    const std::int64_t ready = result_of([&] { return ssize_t{::poll(&one, 1, 0)}; });
    if (ready < 0) return ready;
    if ((one.revents & POLLNVAL) != 0) return -EBADF;
    return ready == 0 ? -EAGAIN : 0;
}

bool try_unsignalled() noexcept {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
    const unique_fd reader(ends[0]);
    const unique_fd writer(ends[1]);
    return write_unsignalled(writer.get(), "", 1) == 1;
}

/// Blocks SIGPIPE in this thread, and takes back the one that was raised meanwhile. One that was
/// pending before stays: it is the program's. (It can be pending only when it was blocked before.)
class sigpipe_masked {
public:
    sigpipe_masked() noexcept {
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
        was_blocked_ = ::sigismember(&before_, SIGPIPE) == 1;
        sigset_t pending;
        if (was_blocked_ && ::sigpending(&pending) == 0)
            was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    }
    sigpipe_masked(const sigpipe_masked&) = delete;
    sigpipe_masked& operator=(const sigpipe_masked&) = delete;
    ~sigpipe_masked() {
        if (!was_blocked_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

    void take_back() const noexcept {
        const timespec at_once{};
        if (!was_pending_)
            while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {}
    }

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_blocked_ = false;
    bool was_pending_ = false;
};

std::int64_t connect_now(const operation& op) noexcept {
    // A second call tells what became of the first.
    const std::int64_t result = result_of([&] {
        return ssize_t{::connect(op.descriptor, static_cast<const sockaddr*>(op.buffer),
                                 static_cast<socklen_t>(op.size))};
    });
    switch (result) {
        case -EISCONN: return 0;
        case -EALREADY:
        case -EINPROGRESS: return -EAGAIN;
        // No readiness follows this one: the queue of a unix listener is full.
        case -EAGAIN: return -EBUSY;
        default: return result;
    }
}

std::int64_t send_file_now(const operation& op) noexcept {
    const auto& from = *static_cast<const file_part*>(op.buffer);
    off_t offset = from.offset;
    // The one call of a socket that has no flag against SIGPIPE.
    const sigpipe_masked masked;
    const std::int64_t sent = result_of([&] {
        return ::sendfile(op.descriptor, from.file, &offset, std::min(op.size, transfer_max));
    });
    if (sent == -EPIPE) masked.take_back();
    return sent;
}

}  // namespace

bool kernel_writes_unsignalled() noexcept {
    static const bool does = try_unsignalled();
    return does;
}

std::int64_t write_unsignalled(int fd, const void* bytes, std::size_t size) noexcept {
    iovec part{const_cast<void*>(bytes), std::min(size, transfer_max)};
    // -1: at the file's own position, as write(2).
    return result_of([&] { return ::pwritev2(fd, &part, 1, -1, rwf_nosignal); });
}

std::int64_t write_masked(int fd, const void* bytes, std::size_t size) noexcept {
    const std::size_t most = std::min(size, transfer_max);
    const std::int64_t sent = result_of([&] { return ::send(fd, bytes, most, MSG_NOSIGNAL); });
    if (sent != -ENOTSOCK) return sent;
    const sigpipe_masked masked;
    const std::int64_t written = result_of([&] { return ::write(fd, bytes, most); });
    if (written == -EPIPE) masked.take_back();
    return written;
}

namespace {

/// What says that a file cannot be asked so: its file system has to be waited for.
std::int64_t or_wait(std::int64_t result) noexcept {
    return result == -EOPNOTSUPP || result == -ENOSYS ? -EAGAIN : result;
}

std::int64_t read_file_now(const operation& op) noexcept {
    const auto& at = *static_cast<const file_place*>(op.buffer);
    const iovec part{at.bytes, std::min(op.size, transfer_max)};
    const std::int64_t n =
        result_of([&] { return ::preadv2(op.descriptor, &part, 1, at.offset, RWF_NOWAIT); });
    // Linux 5.9 and 5.10 may say so before the end (preadv2(2)); at the end nothing blocks.
    if (n == 0 && op.size != 0) return perform_on_file(op);
    return or_wait(n);
}

std::int64_t write_file_now(const operation& op) noexcept {
    const auto& at = *static_cast<const file_place*>(op.buffer);
    const iovec part{at.bytes, std::min(op.size, transfer_max)};
    return or_wait(
        result_of([&] { return ::pwritev2(op.descriptor, &part, 1, at.offset, RWF_NOWAIT); }));
}

/// All but the two that servers do all day: `attempt` itself needs no room on the stack.
[[gnu::noinline]] std::int64_t attempt_other(const operation& op) noexcept {
    const int fd = op.descriptor;
    switch (op.code) {
        case operation_code::readable: return poll_now(fd, POLLIN | POLLRDHUP);
        case operation_code::writable: return poll_now(fd, POLLOUT);
        case operation_code::read:
            return result_of(
                [&] { return ::read(fd, op.buffer, std::min(op.size, transfer_max)); });
        case operation_code::write: {
            if (!kernel_writes_unsignalled()) return write_masked(fd, op.buffer, op.size);
            const std::int64_t written = write_unsignalled(fd, op.buffer, op.size);
            // What has no write_iter in the kernel knows no flags (some devices).
            return written == -EOPNOTSUPP ? write_masked(fd, op.buffer, op.size) : written;
        }
        case operation_code::receive:
        case operation_code::send: break;
        case operation_code::receive_message:
            return result_of(
                [&] { return ::recvmsg(fd, static_cast<msghdr*>(op.buffer), MSG_CMSG_CLOEXEC); });
        case operation_code::send_message:
            return result_of(
                [&] { return ::sendmsg(fd, static_cast<const msghdr*>(op.buffer), MSG_NOSIGNAL); });
        case operation_code::accept:
            return result_of([&] {
                return ssize_t{::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            });
        case operation_code::connect: return connect_now(op);
        case operation_code::send_file: return send_file_now(op);
        case operation_code::read_at: return read_file_now(op);
        case operation_code::write_at: return write_file_now(op);
        case operation_code::sync:
        case operation_code::sync_data: return -EAGAIN;
    }
    return -EINVAL;
}

}  // namespace

std::int64_t perform_on_file(const operation& op) noexcept {
    const int fd = op.descriptor;
    if (op.code == operation_code::sync) return result_of([&] { return ssize_t{::fsync(fd)}; });
    if (op.code == operation_code::sync_data)
        return result_of([&] { return ssize_t{::fdatasync(fd)}; });
    const auto& at = *static_cast<const file_place*>(op.buffer);
    const std::size_t most = std::min(op.size, transfer_max);
    const bool is_read = op.code == operation_code::read_at;
    return result_of([&] {
        if (at.offset == file_place::own)
            return is_read ? ::read(fd, at.bytes, most) : ::write(fd, at.bytes, most);
        return is_read ? ::pread(fd, at.bytes, most, at.offset)
                       : ::pwrite(fd, at.bytes, most, at.offset);
    });
}

std::int64_t attempt(const operation& op) noexcept {
    if (op.code == operation_code::receive) return receive_now(op.descriptor, op.buffer, op.size);
    if (op.code == operation_code::send) return send_now(op.descriptor, op.buffer, op.size);
    return attempt_other(op);
}

}  // namespace weft::detail
