#pragma once

#include "weft/base/export.hpp"
#include "weft/machine/stack_guard.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

/// The slabs that stacks are cut from.
///
/// A slab is one mapping for many stacks of one geometry. Stack `i` of it, from the bottom:
///
///     base + i * pitch               the guard, `pitch - size` bytes
///     base + i * pitch + guard       the limit: the lowest usable byte
///     base + (i + 1) * pitch         the end, a page boundary; the top lies up to 1 KiB below it
///
/// Rules:
/// 1. What is known of a stack is in its `stack_slot`, in a dense array beside the slab and never
///    on the stack's own pages.
/// 2. The pitch is an odd number of pages, so that equal places on different stacks fall into all
///    sets of the TLB, and their entries in the page tables into all sets of the caches: a ring of
///    1,000 coroutines goes from 4.1 to 2.9 ns a hop.
/// 3. Tops are coloured: they begin at different cache lines of the highest KiB of their page. A
///    suspended coroutine's few hundred bytes then share no cache set with the next one's (6.5 ns a
///    hop without), and still touch one page. More colours gained nothing.
/// 4. Guards are placed when stacks are cut, a few at a time: for a whole slab it takes a second.
/// 5. Slabs are never unmapped and their list only grows, so that a signal handler may walk it.
namespace weft {

/// Writes the name of `owner`, who uses a stack, into `buffer` and returns its length. Called in a
/// signal handler: it may not allocate, lock or throw.
using stack_namer = std::size_t (*)(const void* owner, char* buffer, std::size_t size) noexcept;

namespace detail {

struct stack_slab;
struct stack_geometry;

/// What is known of one stack. Touched by whoever holds the stack: its handle, a thread's list, or
/// the depot under its mutex; read by the signal handler.
struct stack_slot {
    char* top;         ///< 16-aligned and coloured; constant once cut
    stack_slab* slab;  ///< constant once cut
    union {
        stack_slot* next;   ///< while it is free: the next one in the list
        const void* owner;  ///< while it is in use: the namer's argument
    };
    stack_namer namer;  ///< null: no name
    bool has_canary;    ///< constant once cut
    std::atomic<bool> in_use;
};

struct stack_slab {
    char* base;
    std::size_t pitch;
    std::size_t size;  ///< usable bytes of each stack
    std::size_t count;
    stack_slot* slots;
    stack_geometry* geometry;
    stack_slab* older;             ///< the slab made before it, of any geometry
    std::atomic<std::size_t> cut;  ///< how many are cut; raised under the depot's mutex

    [[nodiscard]] std::size_t guard() const noexcept { return pitch - size; }
    [[nodiscard]] char* end_of(const stack_slot& slot) const noexcept {
        return base + static_cast<std::size_t>(&slot - slots + 1) * pitch;
    }
    [[nodiscard]] char* limit_of(const stack_slot& slot) const noexcept {
        return end_of(slot) - size;
    }
};

/// The bytes of the canary, just below the limit. Frames have holes that nobody writes to, so a
/// line of the cache would be too small.
inline constexpr std::size_t canary_bytes = 512;
/// Tops differ by multiples of a cache line, within this many bytes below the end.
inline constexpr std::size_t colour_bytes = 1024;
inline constexpr std::size_t colour_step = 64;

[[nodiscard]] std::size_t page_bytes() noexcept;

/// Maps a slab for up to `count` stacks, fewer where there is no room for so many. `size` and
/// `guard` are multiples of a page. Throws `std::system_error` when there is no room for one.
/// REQUIRES: the depot's mutex.
[[nodiscard]] stack_slab* make_stack_slab(stack_geometry* geometry, std::size_t size,
                                          std::size_t guard, std::size_t count);

/// Cuts the next stack, and places its guard. REQUIRES: the depot's mutex; one is left.
[[nodiscard]] stack_slot* cut_stack(stack_slab& slab, stack_guard kind) noexcept;

/// The stack in whose guard or usable bytes an address lies, or null. Async-signal-safe.
[[nodiscard]] WEFT_EXPORT stack_slot* find_stack(const void* address) noexcept;

/// All slabs: their number and their bytes.
struct slab_totals {
    std::size_t slabs = 0;
    std::size_t bytes = 0;
    std::size_t stacks = 0;
};
[[nodiscard]] slab_totals count_slabs() noexcept;

}  // namespace detail
}  // namespace weft
