#include "weft/file/file.hpp"

#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/io/offload.hpp"
#include "weft/stream/stream_error.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace weft {
namespace {

/// As far as the kernel need not ask a disk for it (Linux 5.12). No descriptor: it did not work.
unique_fd open_cached(const std::string& path, int flags) {
#ifdef RESOLVE_CACHED
    if ((flags & (O_CREAT | O_TRUNC)) != 0) return unique_fd();  // these are never that quick
    open_how asked{};
    asked.flags = static_cast<unsigned>(flags);
    asked.resolve = RESOLVE_CACHED;
    return unique_fd(
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &asked, sizeof asked)));
#else
    return unique_fd();
#endif
}

unique_fd open_blocking(const std::string& path, int flags, mode_t permissions) {
    for (;;) {
        unique_fd opened(::open(path.c_str(), flags, permissions));
        if (opened) return opened;
        if (errno != EINTR) throw_system_error(errno, "opening '" + path + "'");
    }
}

std::int64_t size_of(int fd) {
    struct stat what{};
    return ::fstat(fd, &what) == 0 ? what.st_size : -errno;
}
int truncate_blocking(int fd, std::int64_t size) {
    int result = 0;
    do result = ::ftruncate(fd, size);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}
int close_blocking(int fd) {
    return ::close(fd) == 0 || errno == EINTR ? 0 : errno;
}

constexpr std::size_t read_step = std::size_t{64} << 10;

}  // namespace

task<file> file::open(std::string path, open_mode how) {
    // O_NONBLOCK: so that the other end of a pipe with a name is not waited for.
    const int flags = how.flags() | O_NONBLOCK | O_NOCTTY;
    unique_fd opened = open_cached(path, flags);
    if (!opened) opened = co_await offload(open_blocking, path, flags, how.permissions());
    co_return file(std::make_unique<detail::file_state>(std::move(path), std::move(opened)));
}

task<file> file::create(std::string path) {
    return open(std::move(path), open_mode().create().truncate());
}

file file::adopt(unique_fd descriptor, std::string name) {
    auto state = std::make_unique<detail::file_state>(std::move(name), std::move(descriptor));
    state->shares_position = true;
    return file(std::move(state));
}

detail::file_state& file::state() const {
    if (state_ == nullptr) throw usage_error("file: there is none: it was closed or moved away");
    return *state_;
}

std::int64_t file::offset_of(std::uint64_t offset) noexcept {
    // The kernel refuses what is too large (EINVAL); -1 would be the file's own position.
    return offset > std::numeric_limits<std::int64_t>::max()
               ? std::numeric_limits<std::int64_t>::min()
               : static_cast<std::int64_t>(offset);
}

task<std::string> file::read_exactly(std::size_t n) const {
    const detail::file_user user(state());
    if (user.state().shares_position)
        throw usage_error("file::read_exactly(): '" + path() +
                          "' has a position that cannot be taken back: read it by buffered_reader");
    std::string bytes;
    std::size_t got = 0;
    const std::uint64_t begin = position();
    while (got < n) {
        if (got == bytes.size()) bytes.resize(std::min(n, std::max(read_step, 2 * got)));
        const std::size_t more =
            co_await read_at(begin + got, bytes.data() + got, bytes.size() - got);
        if (more == 0) throw unexpected_end("file::read_exactly()", got, n);
        got += more;
    }
    user.state().position += static_cast<std::int64_t>(n);
    co_return bytes;
}

task<std::string> file::read_all(std::size_t limit) const {
    const detail::file_user user(state());
    std::string bytes;
    std::size_t got = 0;
    for (;;) {
        if (got == bytes.size()) bytes.resize(std::max(read_step, 2 * got));
        const std::size_t more = co_await read_some(bytes.data() + got, bytes.size() - got);
        if (more == 0) break;
        got += more;
        if (got > limit) throw limit_exceeded("file::read_all()", limit);
    }
    bytes.resize(got);
    co_return bytes;
}

task<> file::write_all(std::string_view bytes) const {
    const detail::file_user user(state());
    std::size_t written = 0;
    try {
        while (written < bytes.size()) written += co_await write_some(bytes.substr(written));
    } catch (const std::system_error& e) {
        throw write_error(e, written);
    }
}

task<std::uint64_t> file::size() const {
    const detail::file_user user(state());
    const std::int64_t size = co_await offload(size_of, descriptor());
    if (size < 0) user.state().fail(static_cast<int>(-size), "asking the size of");
    co_return static_cast<std::uint64_t>(size);
}

task<> file::truncate(std::uint64_t bytes) const {
    const detail::file_user user(state());
    const int error = co_await offload(truncate_blocking, descriptor(), offset_of(bytes));
    if (error != 0) user.state().fail(error, "truncating");
}

task<> file::close() {
    if (state().users != 0)
        throw usage_error("file::close(): '" + path() +
                          "' is being read or written: cancel and join them first");
    const auto closing = std::move(state_);
    if (closing->is_stream || closing->flags_before >= 0) co_return;
    // Closed here when it is cancelled before a thread has begun.
    unique_fd kept(std::exchange(closing->descriptor, -1));
    const int error = co_await offload(close_blocking, kept.get());
    static_cast<void>(kept.release());
    if (error != 0) closing->fail(error, "closing");
}

std::uint64_t file::position() const {
    if (state().shares_position)
        throw usage_error("file::position(): that of '" + path() +
                          "' is not this file's: it is a stream, or was adopted");
    return static_cast<std::uint64_t>(state().position);
}

void file::seek(std::uint64_t position) const {
    static_cast<void>(this->position());
    state().position = offset_of(position);
}

}  // namespace weft
