#include "weft/file/watch.hpp"

#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/when_any.hpp"
#include "weft/io/readiness.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace weft {
namespace {

constexpr std::uint32_t self_moves = IN_MOVE_SELF | IN_DELETE_SELF;
constexpr std::uint32_t file_mask = IN_MODIFY | IN_ATTRIB | self_moves;
// IN_ATTRIB: a file that could not be opened may be made readable.
constexpr std::uint32_t directory_mask =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | self_moves | IN_ONLYDIR;
// The kernel's own limit for one path.
constexpr int links_max = 40;

/// "a/b" into "a" and "b"; "b" into "." and "b".
std::pair<std::string, std::string> split_path(const std::string& path) {
    const std::filesystem::path whole(path);
    std::string directory = whole.parent_path().string();
    if (directory.empty()) directory = ".";
    return {std::move(directory), whole.filename().string()};
}

task<> wait_task(int fd) {
    co_await wait_readable(fd);
}

}  // namespace

watch& watch::stop_on(int fd) noexcept {
    stop_fd_ = fd;
    return *this;
}

watch& watch::hold(int fd) noexcept {
    if (fd != held_fd_) stale_ = true;
    held_fd_ = fd;
    return *this;
}

bool watch::stopped() const {
    pollfd stop{stop_fd_, POLLIN, 0};
    return stop_fd_ >= 0 && ::poll(&stop, 1, 0) > 0;
}

watch::news watch::wait(std::optional<milliseconds> timeout) {
    using steady = std::chrono::steady_clock;
    if (stopped()) return news::stopped;
    if (stale_) {
        arm();
        return news::moved;
    }
    const steady::time_point deadline = steady::now() + timeout.value_or(milliseconds(0));
    for (;;) {
        news what{};
        if (take_events(what)) return what;
        int left_ms = -1;
        if (timeout) {
            const auto left = std::chrono::ceil<milliseconds>(deadline - steady::now()).count();
            left_ms = static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
        }
        std::array<pollfd, 2> files{{{inotify_.get(), POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
        const int ready = ::poll(files.data(), files.size(), left_ms);
        if (ready < 0 && errno != EINTR) throw_system_error(errno, attempt());
        if (ready == 0) return news::timed_out;
        if (ready > 0 && files[1].revents != 0) return news::stopped;
    }
}

task<watch::news> watch::next() {
    if (!detail::scheduler_for("watch::next()").world().is_of_kernel())
        throw usage_error("watch::next(): a simulated world has no inotify to watch '" + path_ +
                          "' by: run this on make_driver()");
    if (stopped()) co_return news::stopped;
    if (stale_) {
        arm();
        co_return news::moved;
    }
    for (;;) {
        news what{};
        if (take_events(what)) co_return what;
        if (stop_fd_ < 0)
            co_await wait_readable(inotify_.get());
        else
            static_cast<void>(co_await when_any(wait_task(inotify_.get()), wait_task(stop_fd_)));
        if (stopped()) co_return news::stopped;
    }
}

bool watch::waits_for(int wd, std::string_view name) const noexcept {
    return std::ranges::any_of(
        names_, [&](const auto& entry) { return entry.first == wd && entry.second == name; });
}

/// Reads what has happened. True when any of it concerns the path.
bool watch::take_events(news& what) {
    alignas(inotify_event) std::array<char, std::size_t{16} * 1024> buffer;
    bool concerned = false;
    for (;;) {
        const ssize_t count = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EAGAIN) throw_system_error(errno, attempt());
        if (count <= 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* const name = buffer.data() + at + offsetof(inotify_event, name);
            at += sizeof event + event.len;
            if (event.len > 0 && !waits_for(event.wd, name)) continue;
            concerned = true;
            if (event.mask != IN_MODIFY) stale_ = true;
        }
    }
    what = news::changed;
    if (!stale_) return concerned;
    arm();
    what = news::moved;
    return true;
}

void watch::arm() {
    // The old one first: an instance counts against max_user_instances.
    inotify_.reset();
    names_.clear();
    inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify_) {
        const int error = errno;
        throw_system_error(error, attempt() + (error == EMFILE
                                                   ? ": too many inotify instances or open files "
                                                     "(sysctl fs.inotify.max_user_instances, "
                                                     "ulimit -n)"
                                                   : ""));
    }
    std::string at = path_;
    for (int links = 0; links < links_max; ++links) {
        arm_path(at);
        std::error_code error;
        const std::filesystem::path target = std::filesystem::read_symlink(at, error);
        if (error) break;
        // A relative target begins at the link's directory; an absolute one replaces all of it.
        at = (std::filesystem::path(split_path(at).first) / target).string();
    }
    if (held_fd_ >= 0) add("/proc/self/fd/" + std::to_string(held_fd_), file_mask, "");
    if (names_.empty()) throw_system_error(EACCES, attempt());
    stale_ = false;
}

void watch::arm_path(const std::string& path) {
    const auto [directory, name] = split_path(path);
    for (;;) {
        if (add(directory, directory_mask, name)) {
            add(path, file_mask, "");
            arm_ancestors(directory);
            return;
        }
        // The directory is missing: wait for the first part that is, where the path ends by now.
        std::string missing = directory;
        for (;;) {
            const auto [parent, child] = split_path(missing);
            if (parent == missing) return;
            if (add(parent, directory_mask, child)) {
                arm_ancestors(parent);
                break;
            }
            missing = parent;
        }
        // It may have appeared before its parent was watched: then once more.
        if (::access(missing.c_str(), F_OK) != 0) return;
        // There, but not to be watched (no permission): then the file itself, if that may be.
        if (missing == directory) {
            add(path, file_mask, "");
            return;
        }
    }
}

void watch::arm_ancestors(std::string directory) {
    for (;;) {
        std::string parent = split_path(directory).first;
        if (parent == directory || parent == ".") return;
        add(parent, self_moves | IN_ONLYDIR, "");
        directory = std::move(parent);
    }
}

/// False when there is nothing at `path`, or nothing that may be watched.
bool watch::add(const std::string& path, std::uint32_t mask, std::string name) {
    const int wd = ::inotify_add_watch(inotify_.get(), path.c_str(), mask | IN_MASK_ADD);
    if (wd >= 0) {
        names_.emplace_back(wd, std::move(name));
        return true;
    }
    if (errno == ENOSPC)
        throw_system_error(ENOSPC, attempt() + ": too many files are watched (raise sysctl "
                                               "fs.inotify.max_user_watches)");
    if (errno == ENOMEM) throw_system_error(ENOMEM, attempt());
    return false;
}

}  // namespace weft
