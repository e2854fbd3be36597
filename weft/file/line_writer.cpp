#include "weft/file/line_writer.hpp"

#include "weft/base/unhandled.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace weft {
namespace {

unique_fd open_for_writing(const std::string& path, line_writer::mode how) {
    const int flags = how == line_writer::mode::append ? O_APPEND : O_TRUNC;
    int fd = -1;
    do {
        fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, 0666);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) throw_system_error(errno, "writing " + path);
    return unique_fd(fd);
}

}  // namespace

// The path is copied: it would be moved away before the file is opened.
line_writer::line_writer(std::string path, mode how)
    : line_writer(open_for_writing(path, how), path) {}

line_writer::line_writer(unique_fd file, std::string name)
    : line_writer(file.get(), std::move(name)) {
    owned_ = std::move(file);
}

line_writer::line_writer(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), buffer_(new char[capacity]) {}

line_writer::line_writer(line_writer&& other) noexcept
    : owned_(std::move(other.owned_)),
      fd_(other.fd_),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      size_(std::exchange(other.size_, 0)),
      closed_(std::exchange(other.closed_, true)) {}

line_writer::~line_writer() {
    try {
        flush();
    } catch (...) {
        report_unhandled(std::current_exception(), "the destructor of a line_writer");
    }
}

bool line_writer::write_line_slowly(std::string_view line) {
    write(line);
    return write("\n");
}

bool line_writer::write(std::string_view text) {
    if (closed_) return false;
    if (text.size() > capacity - size_ && !flush()) return false;
    if (text.size() >= capacity) return write_through(text);
    text.copy(buffer_.get() + size_, text.size());
    size_ += text.size();
    return true;
}

bool line_writer::flush() {
    return write_through(std::string_view(buffer_.get(), std::exchange(size_, 0)));
}

bool line_writer::write_through(std::string_view text) {
    while (!text.empty() && !closed_) {
        const ssize_t count = ::write(fd_, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EPIPE) {
            closed_ = true;
        } else if (errno == EAGAIN) {
            wait_for_room();
        } else if (errno != EINTR) {
            throw_system_error(errno, "writing " + name_);
        }
    }
    return !closed_;
}

/// For a descriptor that somebody made non-blocking: a terminal shared with another program, say.
void line_writer::wait_for_room() {
    pollfd file{fd_, POLLOUT, 0};
    if (::poll(&file, 1, -1) < 0 && errno != EINTR) throw_system_error(errno, "writing " + name_);
}

}  // namespace weft
