#pragma once

#include "weft/base/export.hpp"

namespace weft::detail {

/// How many forks are between this process and the one where it was first called: whoever notes the
/// number can tell later, for the cost of a load, whether it is in a child. `getpid` is a system
/// call; this is pthread_atfork, so a bare clone(2), which libc does not know of either, is not
/// noticed.
[[nodiscard]] WEFT_EXPORT unsigned fork_count() noexcept;

}  // namespace weft::detail
