#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

/// Whole files, by their paths.
namespace weft {

/// How `write_file` is to do it.
class WEFT_EXPORT write_options {
public:
    write_options() noexcept = default;

    /// Whoever opens the path meanwhile, or after a crash, sees all of the old file or all of the
    /// new one: it is written beside it, brought to the disk, and renamed. A symbolic link is
    /// followed. Needs the right to write to the directory.
    write_options& atomic(bool on = true) noexcept {
        atomic_ = on;
        return *this;
    }
    /// Of the file, if it is new, less the process's umask. Default 0666.
    write_options& permissions(mode_t bits) noexcept {
        permissions_ = bits;
        return *this;
    }
    /// Without bringing it to the disk first: after a crash it may be empty.
    write_options& unsynced() noexcept {
        synced_ = false;
        return *this;
    }

    [[nodiscard]] bool is_atomic() const noexcept { return atomic_; }
    [[nodiscard]] bool is_synced() const noexcept { return synced_; }
    [[nodiscard]] mode_t permissions() const noexcept { return permissions_; }

private:
    mode_t permissions_ = 0666;
    bool atomic_ = false;
    bool synced_ = true;
};

/// Awaited, gives all that the file holds; more than `limit` bytes is `limit_exceeded`. Throws
/// `std::system_error`, which names the path.
///
/// ```cpp
/// weft::task<> count_up(std::string path) {
///     const int count = std::stoi(co_await weft::read_file(path));
///     const std::string text = std::to_string(count + 1) + '\n';
///     co_await weft::write_file(path, text, weft::write_options().atomic());
/// }
/// ```
[[nodiscard]] WEFT_EXPORT task<std::string> read_file(std::string path,
                                                      std::size_t limit = SIZE_MAX);

/// Awaited, has written the file, which holds `bytes` and nothing else. They live until then.
/// Throws `std::system_error`, which names the path. What fails or is cancelled in between leaves a
/// part of it; but with `atomic()` nothing has happened then.
[[nodiscard]] WEFT_EXPORT task<> write_file(std::string path, std::string_view bytes,
                                            write_options how = {});

}  // namespace weft
