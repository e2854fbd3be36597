#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/task.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

/// Waits for news of a path, by inotify: the file is written to, truncated, renamed, deleted,
/// replaced, or appears, even in a directory that is not there yet. It says when to look; what has
/// happened, the caller finds out by looking.
///
/// ```cpp
/// void print_sizes(const std::string& path) {
///     weft::watch watch(path);
///     while (watch.wait() != weft::watch::news::stopped) {
///         std::FILE* file = std::fopen(path.c_str(), "r");
///         std::cout << (file != nullptr ? "it is there\n" : "it is not there\n");
///         if (file != nullptr) std::fclose(file);
///     }
/// }
/// ```
///
/// The first `wait()`, and one after anything was renamed or created, sets the watches and returns
/// `moved` at once. So what the caller sees when it looks is never older than the watches: nothing
/// is missed.
///
/// Watched are: the file; its directory, for this name only; the directories above, for being moved
/// or, where the path ends early, for the name that is missing; where the path is a symbolic link,
/// all that for its target too. Each change of names sets all watches anew: rare, and cannot leave
/// a stale one.
///
/// On a loop, `next()` is awaited:
///
/// ```cpp
/// weft::task<> print_news(std::string path) {
///     weft::watch watch(path);
///     for (;;) {
///         const auto news = co_await watch.next();
///         std::cout << (news == weft::watch::news::changed ? "changed\n" : "moved\n");
///     }
/// }
/// ```
///
/// Limitations: inotify knows nothing of changes made by another machine (NFS) and by the kernel
/// (/proc). Errors: `std::system_error`, "watching PATH: …"; at a limit of the kernel it names the
/// sysctl to raise.
class WEFT_EXPORT watch {
public:
    enum class news : std::uint8_t {
        changed,    ///< written to or truncated
        moved,      ///< names may lead elsewhere now: open the path again
        stopped,    ///< the stop descriptor is readable
        timed_out,  ///< no news in the time given
    };
    using milliseconds = std::chrono::milliseconds;

    explicit watch(std::string path) : path_(std::move(path)) {}

    /// `wait()` returns `stopped` as long as this descriptor is readable or hung up.
    watch& stop_on(int fd) noexcept;
    /// Also watches the file behind this descriptor, whatever it is called by now; -1 for none.
    /// From the next setting of the watches on. Needs /proc.
    watch& hold(int fd) noexcept;

    /// Awaited, the same on a loop, as long as it takes: others run meanwhile. `with_timeout` and
    /// cancellation end it, and lose no news. One coroutine at a time. It stays where it is
    /// meanwhile. `usage_error` in a simulated world.
    [[nodiscard]] task<news> next();
    /// Waits for news, at most `timeout`; keeps its thread.
    [[nodiscard]] news wait(std::optional<milliseconds> timeout = std::nullopt);
    /// Whether `wait()` would return `moved` at once.
    [[nodiscard]] bool is_stale() const noexcept { return stale_; }
    /// Whether it was told to stop.
    [[nodiscard]] bool stopped() const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    void arm();
    void arm_path(const std::string& path);
    void arm_ancestors(std::string directory);
    bool add(const std::string& path, std::uint32_t mask, std::string name);
    [[nodiscard]] bool waits_for(int wd, std::string_view name) const noexcept;
    [[nodiscard]] bool take_events(news& what);
    [[nodiscard]] std::string attempt() const { return "watching " + path_; }

    std::string path_;
    unique_fd inotify_;
    /// Which name a watch on a directory is for; empty for a watch on the file.
    std::vector<std::pair<int, std::string>> names_;
    int stop_fd_ = -1;
    int held_fd_ = -1;
    bool stale_ = true;
};

}  // namespace weft
