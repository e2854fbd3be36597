#include "weft/file/standard_streams.hpp"

#include "weft/core/scheduler.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace weft {
namespace detail {

class file_access {
public:
    [[nodiscard]] static file make(std::unique_ptr<file_state> state) {
        return file(std::move(state));
    }
};

}  // namespace detail

namespace {

bool is_on_disk(int fd) {
    struct stat what{};
    return ::fstat(fd, &what) == 0 && (S_ISREG(what.st_mode) || S_ISBLK(what.st_mode));
}

file standard(int fd, int access) {
    static_cast<void>(detail::scheduler_for("a standard stream"));
    const std::string name = describe_fd(fd);
    unique_fd own;
    if (!is_on_disk(fd))
        own.reset(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(),
                         access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own) return file::adopt(std::move(own), name);

    unique_fd shared(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!shared) throw_system_error(errno, "opening " + name);
    const int flags = ::fcntl(fd, F_GETFL);
    auto state = std::make_unique<detail::file_state>(name, std::move(shared));
    state->shares_position = true;
    if (state->is_stream && (flags & O_NONBLOCK) == 0) state->flags_before = flags;
    return detail::file_access::make(std::move(state));
}

}  // namespace

file standard_input() {
    return standard(0, O_RDONLY);
}
file standard_output() {
    return standard(1, O_WRONLY);
}
file standard_error() {
    return standard(2, O_WRONLY);
}

}  // namespace weft
