#include "weft/base/fd.hpp"

#include <system_error>
#include <unistd.h>

namespace weft {

void unique_fd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    // Not repeated after EINTR: on Linux the descriptor is closed in any case, and the number may
    // belong to another thread's file by then.
    if (old >= 0) ::close(old);
}

std::string describe_fd(int fd) {
    switch (fd) {
        case 0: return "standard input";
        case 1: return "standard output";
        case 2: return "standard error";
        default: return "descriptor " + std::to_string(fd);
    }
}

void throw_system_error(int error, const std::string& what) {
    throw std::system_error(error, std::system_category(), what);
}

}  // namespace weft
