#pragma once

#include "weft/base/export.hpp"

#include <atomic>

namespace weft::detail {

/// How many forks are between this process and the one where it was first called: whoever notes the
/// number can tell later, for the cost of a load, whether it is in a child. `getpid` is a system
/// call; this is pthread_atfork, so a bare clone(2), which libc does not know of either, is not
/// noticed.
[[nodiscard]] WEFT_EXPORT unsigned fork_count() noexcept;

/// Written in a child by its only thread, while it is being forked.
WEFT_EXPORT extern std::atomic<unsigned> forks;

/// The same without a call. REQUIRES: `fork_count` was called before.
[[nodiscard]] inline unsigned fork_count_again() noexcept {
    return forks.load(std::memory_order_relaxed);
}

}  // namespace weft::detail
