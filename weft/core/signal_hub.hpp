#pragma once

#include "weft/base/export.hpp"

#include <atomic>
#include <cstdint>

/// Who in the process is to know of a signal.
namespace weft::detail {

/// One who is, for one signal.
///
/// Rules:
/// 1. Linked by `add_signal`, taken out by `remove_signal`, on any threads; those are under a
///    mutex. The handler takes none: it walks the links, which are atomic.
/// 2. `remove_signal` returns when no handler is inside of any list: the node may go then.
/// 3. `caught` runs in the signal handler, on any thread: it only does what is allowed there.
struct signal_node {
    /// True: it was told before, and this one is to have its default effect.
    using function = bool (*)(signal_node& n) noexcept;

    function caught = nullptr;
    int number = 0;
    std::atomic<signal_node*> next = nullptr;
};

enum class signal_role : std::uint8_t {
    listener,  ///< waits for it: nobody stops by it then
    stopper,   ///< stops by it, where the signal would have ended the process
};

/// The first one of a signal installs a handler, the last one puts back what was there. False for a
/// stopper of a signal that is ignored, or handled by somebody else. Throws `usage_error` for what
/// is no signal or cannot be waited for.
[[nodiscard]] WEFT_EXPORT bool add_signal(signal_node& n, signal_role role);
WEFT_EXPORT void remove_signal(signal_node& n, signal_role role) noexcept;

}  // namespace weft::detail
