#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <cstdint>

/// The stack pool: stacks that are free, so that the usual acquisition is a pop and the usual
/// release a push.
///
/// Rules:
/// 1. Each thread has a list for each geometry (size, guard, kind of guard) that it uses. It holds
///    at most `stack_pool_cache_max` stacks, fewer of large ones (`stack_pool_cache_bytes_max`
///    of address space, which is not memory); half of a list that is full goes to a depot that all
///    threads draw from. A thread that ends leaves its stacks to the depot.
/// 2. A stack may be released on another thread than the one that acquired it, and joins that
///    thread's list.
/// 3. Pages that were used deep are given back to the system (`MADV_DONTNEED`). A call for each
///    release would take the time of fifty acquisitions, so a stack that stays in its thread's list
///    is looked at in every `stack_pool_look_every`th release; one that was used deeper than
///    `stack_pool_warm_bytes` is trimmed to that, and with it the next `stack_pool_trim_run` that
///    are released. A stack that goes to the depot keeps its highest page, and not even that once
///    the depot holds `stack_pool_warm_max`.
/// 4. The address space of a slab is kept: a process holds its peak of live stacks.
namespace weft {

inline constexpr std::size_t stack_pool_cache_max = 2048;
inline constexpr std::size_t stack_pool_cache_bytes_max = std::size_t{1} << 30;
inline constexpr std::size_t stack_pool_warm_max = 4096;
inline constexpr std::size_t stack_pool_warm_bytes = std::size_t{16} * 1024;
inline constexpr std::size_t stack_pool_look_every = 256;
inline constexpr std::size_t stack_pool_trim_run = 512;

/// Figures of the calling thread, and of what all threads share.
struct stack_pool_statistics {
    std::uint64_t acquired = 0;      ///< stacks this thread has acquired so far
    std::uint64_t released = 0;      ///< stacks this thread has released so far
    std::uint64_t trimmed = 0;       ///< of those, how often pages were given back
    std::size_t cached_stacks = 0;   ///< free stacks in this thread's lists
    std::size_t depot_stacks = 0;    ///< free stacks in the depot, whole process
    std::size_t stacks = 0;          ///< stacks cut so far, whole process
    std::size_t slabs = 0;           ///< slabs, whole process
    std::size_t reserved_bytes = 0;  ///< their address space
    std::size_t guards_installed = 0;
    std::size_t guards_mprotected = 0;
    std::size_t canaries = 0;
};

[[nodiscard]] WEFT_EXPORT stack_pool_statistics stack_pool_stats();

}  // namespace weft
