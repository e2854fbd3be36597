#include "weft/io/kernel_driver.hpp"

#include "weft/base/fd.hpp"

#include <cerrno>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace weft::detail {

kernel_driver::kernel_driver() : fork_count_(fork_count()) {}
kernel_driver::~kernel_driver() = default;

void kernel_driver::wake() noexcept {
    // The eventfd is the parent's as well.
    if (!is_forked()) wake_.signal();
}

clock::time_point kernel_driver::now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return clock::time_point(std::chrono::seconds(time.tv_sec) +
                             std::chrono::nanoseconds(time.tv_nsec));
}

std::array<int, 2> kernel_driver::open_pipe() {
    refuse_forked("opening a pipe on a loop");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        throw_system_error(errno, "opening a pipe");
    for (const int end : ends) own(end);
    return ends;
}

int kernel_driver::own_accepted(int socket) noexcept {
    const int error = own(socket);
    if (error == 0) return socket;
    ::close(socket);
    return error;
}

int kernel_driver::make_non_blocking(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) return -errno;
    if ((flags & O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
    return 0;
}

void kernel_driver::refuse_forked(const char* attempt) const {
    if (is_forked())
        throw_system_error(EBADF, attempt + std::string(" that belongs to the parent process"));
}

void kernel_driver::park_in_child(clock::time_point deadline) noexcept {
    if (deadline == clock::never || deadline <= now()) return;
    const auto left = deadline - now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec limit{static_cast<time_t>(seconds.count()),
                         static_cast<long>((left - seconds).count())};
    ::ppoll(nullptr, 0, &limit, nullptr);
}

}  // namespace weft::detail
