#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <cstdint>

/// The frame pool: memory for coroutine frames.
///
/// A coroutine's frame is allocated when it is called and freed when it ends, often millions of
/// times a second, in few sizes. The pool keeps a list of free blocks for each size class and
/// thread, so that the usual case is a pop and a push.
///
/// Rules:
/// 1. Frames are 64-byte aligned: compilers place locals as if their frame were aligned for them,
///    but ask `operator new` for 16 bytes only (g++ 12, and clang without
///    -fcoro-aligned-allocation). The 16 bytes in front of a frame are its `frame_header`, also for
///    frames from elsewhere: the size and the way to free it are found from the frame's address
///    alone.
/// 2. Size classes are the multiples of 64, header included, up to `frame_pool_class_max`; larger
///    blocks come from the system and return to it.
/// 3. A block may be freed on another thread than the one that allocated it; it then joins that
///    thread's list. A list that grows beyond `frame_pool_cache_max` blocks hands half of them to a
///    depot that all threads draw from, so a producer and a consumer thread stay bounded. A thread
///    that ends leaves its blocks to the depot.
/// 4. Slabs are kept for reuse, not returned to the system: a process keeps its peak of live
///    frames.
/// 5. Under AddressSanitizer every block comes from the system, so that leaks and uses after free
///    are seen.
namespace weft {

inline constexpr std::size_t frame_alignment = 64;
inline constexpr std::size_t frame_pool_class_max = 2048;
inline constexpr std::size_t frame_pool_cache_max = 1024;

/// What stands in front of each frame.
struct frame_header {
    /// Frees a frame that is not from the pool; null for the pool's own. While a block is free it
    /// links to the next one.
    void (*free)(void* frame) noexcept;
    /// The bytes that the compiler asked for.
    std::size_t bytes;
};
static_assert(sizeof(frame_header) == 16);

[[nodiscard]] inline frame_header* header_of(const void* frame) noexcept {
    return static_cast<frame_header*>(const_cast<void*>(frame)) - 1;
}

/// Returns a frame of `bytes` bytes with its header set. Throws `std::bad_alloc`. Any thread.
[[nodiscard]] WEFT_EXPORT void* allocate_frame(std::size_t bytes);

/// Frees a frame, from the pool or by its header's `free`. Any thread.
WEFT_EXPORT void deallocate_frame(void* frame) noexcept;

/// Figures of the calling thread, and of the depot that all threads share.
struct frame_pool_statistics {
    std::uint64_t allocated = 0;    ///< frames this thread has allocated so far
    std::uint64_t freed = 0;        ///< frames this thread has freed so far
    std::uint64_t from_system = 0;  ///< of those allocated, the ones too large for a class
    std::size_t cached_frames = 0;  ///< free blocks in this thread's lists
    std::size_t cached_bytes = 0;   ///< bytes in them
    std::size_t slab_bytes = 0;     ///< bytes of slabs, whole process
    std::size_t depot_frames = 0;   ///< free blocks in the shared depot, whole process
};

[[nodiscard]] WEFT_EXPORT frame_pool_statistics frame_pool_stats();

}  // namespace weft
