#pragma once

#include "weft/base/export.hpp"

#include <fcntl.h>
#include <sys/types.h>

/// The ways to open a file.
namespace weft {

/// How to open a file: for reading, unless something else is said.
///
/// ```cpp
/// const auto log = weft::open_mode().append().create().permissions(0640);
/// const auto both = weft::open_mode().read().write();
/// ```
class WEFT_EXPORT open_mode {
public:
    open_mode() noexcept = default;

    open_mode& read() noexcept {
        reads_ = true;
        return *this;
    }
    open_mode& write() noexcept {
        writes_ = true;
        return *this;
    }
    /// Every write goes to the end, whoever else appends. Implies `write`.
    open_mode& append() noexcept { return write().with(O_APPEND); }
    /// If it is not there.
    open_mode& create() noexcept { return with(O_CREAT); }
    /// It must not be there (`EEXIST`). Implies `create`.
    open_mode& exclusive() noexcept { return with(O_CREAT | O_EXCL); }
    /// What was in it is gone. Implies `write`.
    open_mode& truncate() noexcept { return write().with(O_TRUNC); }
    /// A symbolic link as the last part of the path is an error (`ELOOP`).
    open_mode& no_follow() noexcept { return with(O_NOFOLLOW); }
    /// Of a file that is created, less the process's umask. Default 0666.
    open_mode& permissions(mode_t bits) noexcept {
        permissions_ = bits;
        return *this;
    }

    /// As open(2) has them.
    [[nodiscard]] int flags() const noexcept {
        const int access = !writes_ ? O_RDONLY : reads_ ? O_RDWR : O_WRONLY;
        return flags_ | access | O_CLOEXEC;
    }
    [[nodiscard]] mode_t permissions() const noexcept { return permissions_; }

private:
    open_mode& with(int flag) noexcept {
        flags_ |= flag;
        return *this;
    }

    int flags_ = 0;
    mode_t permissions_ = 0666;
    bool reads_ = false;
    bool writes_ = false;
};

}  // namespace weft
