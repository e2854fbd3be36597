#pragma once

#include "weft/base/export.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

/// What stops a stack that grows too far.
///
/// Below each stack lies its guard. Which kind new stacks get:
///
/// - `install`: pages marked by `MADV_GUARD_INSTALL` (Linux 6.13), which is a note in the page
///   table. A million of them leave the slab one mapping.
/// - `mprotect`: pages without access. Each splits the slab's mapping in two, and a process has
///   `vm.max_map_count` of these (65,530: 32,753 guarded stacks, and then nothing else can be
///   mapped), so only the first `mprotect_guards_max()` stacks get one, the rest a canary.
/// - `canary`: the guard's pages are ordinary memory that nothing uses: an overflow smaller than
///   the guard hurts no neighbour, and is seen at the next switch away, because the words below the
///   limit are not zero any more.
///
/// The kernel decides, or the environment: `WEFT_STACK_GUARD=install|mprotect|canary`, and
/// `WEFT_STACK_GUARDS_MAX` for the number (both read once, by the first stack).
namespace weft {

enum class stack_guard : std::uint8_t { install, mprotect, canary };

/// "install", "mprotect" or "canary".
[[nodiscard]] WEFT_EXPORT const char* name_of(stack_guard kind) noexcept;

/// Whether this kernel takes `MADV_GUARD_INSTALL`: tried once, not concluded from its version.
[[nodiscard]] WEFT_EXPORT bool kernel_installs_guards() noexcept;

/// The kind that new stacks get.
[[nodiscard]] WEFT_EXPORT stack_guard stack_guard_in_force() noexcept;

/// How many stacks of the process get an `mprotect` guard when that is the kind in force.
inline constexpr std::size_t default_mprotect_guards_max = 16'000;
[[nodiscard]] WEFT_EXPORT std::size_t mprotect_guards_max() noexcept;

namespace detail {

/// The kind in force once it is known, or -1.
extern std::atomic<int> known_guard_kind;

/// `stack_guard_in_force()` for the library's own use, without a call as a rule.
[[nodiscard]] inline stack_guard guard_kind() noexcept {
    const int known = known_guard_kind.load(std::memory_order_relaxed);
    return known >= 0 ? static_cast<stack_guard>(known) : stack_guard_in_force();
}

/// For tests: the kind in force and the number from now on; nothing gives the choice back to the
/// kernel. Stacks that exist keep what they have, and are not handed out while another kind is
/// forced.
WEFT_EXPORT void force_stack_guard(std::optional<stack_guard> kind,
                                   std::size_t guards_max = default_mprotect_guards_max) noexcept;

/// Makes `bytes` at `pages` a guard of the kind, or of the next kind where this one is not to be
/// had; returns which. Any thread.
[[nodiscard]] stack_guard place_guard(stack_guard kind, void* pages, std::size_t bytes) noexcept;

/// Guards placed so far, whole process.
struct guards_placed {
    std::size_t installed = 0;
    std::size_t mprotected = 0;
    std::size_t canaries = 0;
};
[[nodiscard]] guards_placed count_guards() noexcept;

}  // namespace detail
}  // namespace weft
