#include "weft/file/block_reader.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace weft {
namespace {

unique_fd open_for_reading(const std::string& path) {
    int fd = -1;
    do {
        fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);  // A FIFO's open waits for its writer.
    if (fd < 0) throw_system_error(errno, "reading " + path);
    return unique_fd(fd);
}

bool is_regular(int fd) {
    struct stat about{};
    return ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace

void throw_line_too_long(const std::string& name, std::size_t limit) {
    throw_system_error(EMSGSIZE, "reading " + name + ": a line is longer than the limit of " +
                                     std::to_string(limit) + " bytes (line_bytes_max() raises it)");
}

// The path is copied: it would be moved away before the file is opened.
block_reader::block_reader(std::string path) : block_reader(open_for_reading(path), path) {}

block_reader::block_reader(unique_fd file, std::string name)
    : block_reader(file.get(), std::move(name)) {
    owned_ = std::move(file);
}

block_reader::block_reader(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), waits_(!is_regular(fd)) {
    // Twice the read-ahead window. Where it is not supported, nothing is lost.
    if (!waits_) static_cast<void>(::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL));
}

block_reader& block_reader::block_bytes(std::size_t bytes) noexcept {
    buffer_.set_block_bytes(bytes);
    return *this;
}

block_reader& block_reader::line_bytes_max(std::size_t bytes) noexcept {
    buffer_.set_line_bytes_max(bytes);
    return *this;
}

block_reader& block_reader::on_idle(std::function<void()> callback) {
    on_idle_ = std::move(callback);
    return *this;
}

block_reader& block_reader::stop_on(int fd) noexcept {
    stop_fd_ = fd;
    return *this;
}

std::string_view block_reader::next() {
    while (!ended_) {
        if (!read_more()) {
            ended_ = true;
            return buffer_.rest();
        }
        const std::string_view block = buffer_.whole_lines();
        if (!block.empty()) return block;
    }
    return {};
}

/// Adds what one read() gives. False at the end, and when it was told to stop.
bool block_reader::read_more() {
    const std::span<char> room = buffer_.room();
    if (room.empty()) throw_line_too_long(name_, buffer_.line_bytes_max());
    for (;;) {
        if (waits_ && !wait_for_input()) return false;
        const ssize_t count = ::read(fd_, room.data(), room.size());
        if (count > 0) {
            buffer_.added(static_cast<std::size_t>(count));
            bytes_ += static_cast<std::uint64_t>(count);
            return true;
        }
        if (count == 0) return false;
        // A descriptor that somebody made non-blocking is waited for above.
        if (errno == EAGAIN) waits_ = true;
        if (errno != EINTR && errno != EAGAIN) throw_system_error(errno, attempt());
    }
}

/// Waits until a read would not block. False when it was told to stop first.
bool block_reader::wait_for_input() {
    std::array<pollfd, 2> files{};
    files[0].fd = fd_;
    files[0].events = POLLIN;
    files[1].fd = stop_fd_;  // A negative one is passed over by poll().
    files[1].events = POLLIN;
    int timeout = 0;  // First look, then tell that it is idle, then wait.
    for (;;) {
        const int ready = ::poll(files.data(), files.size(), timeout);
        if (ready < 0 && errno != EINTR) throw_system_error(errno, attempt());
        if (ready > 0) return files[1].revents == 0;
        if (ready == 0) {
            if (on_idle_) on_idle_();
            timeout = -1;
        }
    }
}

}  // namespace weft
