#pragma once

#include "weft/base/export.hpp"
#include "weft/core/generator.hpp"

#include <functional>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

/// The lines that are appended to a file, as `tail -F` shows them: what `follow()` returns.
///
/// ```cpp
/// void watch_log(int stop_fd) {
///     for (std::string_view line : weft::follow("/var/log/app.log").stop_on(stop_fd))
///         if (line.find("python") != line.npos) std::cout << line << std::endl;
/// }
/// ```
///
/// It begins where the file ended when `follow()` was called; of a file that was not there then, it
/// gives all. It waits by inotify, never by sleeping, and ends only when told to by the stop
/// descriptor.
///
/// - Lines come whole: a last line without an end is kept until its end has been written. If that
///   cannot happen any more (rotation, truncation, stop), it is given as it is.
/// - Rotation: after a rename it reads on in the old file, for its writer may not have noticed,
///   until the new one has something in it; then the old one once more to its end, then the new
///   one.
/// - Truncation is noticed by the size, or by other text standing where it had read. Then it begins
///   anew.
/// - A file that is deleted, or not there yet, or in a directory not there yet, is waited for.
///
/// Limitations: what was truncated away before it was read is gone; so is a file that was created
/// and rotated away again between two looks. A writer that goes on with the old file after another
/// has begun the new one is not read. Regular files on a local file system only (see `watch`).
///
/// Errors are `std::system_error`: "following PATH: why". A move-only input range and view; a line
/// is valid until the next one is asked for.
class WEFT_EXPORT follow_source : public std::ranges::view_base {
public:
    explicit follow_source(std::string path);
    follow_source(follow_source&&) noexcept;
    follow_source& operator=(follow_source&&) noexcept;
    ~follow_source();

    auto begin() { return lines_.begin(); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
    /// The next line. Waits for it; nothing when it was stopped.
    yielded<std::string_view> next() { return lines_.next(); }

    /// Also gives what the file held before. Before the first line is asked for.
    follow_source& from_start() & noexcept;
    /// Ends once this descriptor is readable: a signalfd, an eventfd, the end of a pipe. What is in
    /// the file by then is still given.
    follow_source& stop_on(int fd) & noexcept;
    /// Called each time when all has been read, before it waits: the moment to flush an output.
    follow_source& on_idle(std::function<void()> callback) &;
    /// How long a line may be; 64 MiB if not set.
    follow_source& line_bytes_max(std::size_t bytes) & noexcept;

    // By value: a range-for does not keep what a reference to a temporary refers to.
    [[nodiscard]] follow_source from_start() && noexcept { return std::move(from_start()); }
    [[nodiscard]] follow_source stop_on(int fd) && noexcept { return std::move(stop_on(fd)); }
    [[nodiscard]] follow_source on_idle(std::function<void()> callback) && {
        return std::move(on_idle(std::move(callback)));
    }
    [[nodiscard]] follow_source line_bytes_max(std::size_t bytes) && noexcept {
        return std::move(line_bytes_max(bytes));
    }

private:
    class follower;
    static generator<std::string_view> split_lines(follower& file);

    std::unique_ptr<follower> follower_;  // The generator refers to it: it must not move.
    generator<std::string_view> lines_;
};

/// Follows a file from where it ends now.
[[nodiscard]] WEFT_EXPORT follow_source follow(std::string path);

}  // namespace weft
