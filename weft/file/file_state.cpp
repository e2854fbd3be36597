#include "weft/file/file_state.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weft::detail {

file_state::file_state(std::string name, unique_fd fd) : path(std::move(name)), descriptor(-1) {
    driver& world = scheduler_for("file").world();
    struct stat what{};
    if (::fstat(fd.get(), &what) != 0) fail(errno, "opening");
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (S_ISDIR(what.st_mode)) fail(EISDIR, "opening");
    appends = (flags & O_APPEND) != 0;
    const bool is_device = S_ISCHR(what.st_mode) && ::isatty(fd.get()) == 0;
    is_stream = !S_ISREG(what.st_mode) && !S_ISBLK(what.st_mode);
    if (!world.is_of_kernel() && is_stream) {
        if (!is_device)
            throw usage_error("file: '" + path +
                              "' is a pipe, a terminal or a socket, which a simulated world does "
                              "not have: use memory_stream, or run this test on make_driver()");
        is_stream = false;
    }
    if (is_stream) {
        shares_position = true;
        if (const int error = world.adopt(fd.get()); error != 0) fail(-error, "opening");
    } else if ((flags & O_NONBLOCK) != 0) {
        // To io_uring it says that a disk is not to be waited for.
        ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK);
    }
    descriptor = fd.release();
}

file_state::~file_state() {
    WEFT_CHECK(users == 0, "a file is destroyed while somebody reads or writes it: cancel and join "
                           "them first");
    close();
}

void file_state::close() noexcept {
    const int closing = std::exchange(descriptor, -1);
    if (closing < 0) return;
    if (flags_before >= 0) ::fcntl(closing, F_SETFL, flags_before);
    close_file(closing);
}

void file_state::fail(int error, const char* doing) const {
    throw_system_error(error, std::string(doing) + " '" + path + "'");
}

std::size_t file_transfer::finish() {
    end_file_operation();
    const bool reads = code == operation_code::read || code == operation_code::read_at;
    if (result < 0) user_.state().fail(static_cast<int>(-result), reads ? "reading" : "writing");
    if (moves_ == moves::yes) user_.state().move_by(result);
    return static_cast<std::size_t>(result);
}

void file_sync::finish() {
    end_file_operation();
    if (result < 0) user_.state().fail(static_cast<int>(-result), "syncing");
}

}  // namespace weft::detail
