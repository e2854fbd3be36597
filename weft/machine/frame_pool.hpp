#pragma once

#include "weft/base/export.hpp"
#include "weft/machine/sanitizer.hpp"

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
///    blocks come from the system and return to it. Frames of which the size is known when they are
///    freed have classes of their own, without a header.
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

namespace detail {

/// A free block: the header of the frame that it will hold.
struct free_frame {
    free_frame* next;
};

/// A list of free blocks of one class. Touched by its owner only: a thread, or the depot's mutex.
struct free_frames {
    free_frame* head = nullptr;
    std::size_t popped = 0;  ///< blocks that have left, and below, that have come, so far
    std::size_t pushed = 0;

    [[nodiscard]] std::size_t count() const noexcept { return pushed - popped; }
    /// REQUIRES: not empty.
    free_frame* pop() noexcept {
        free_frame* const block = head;
        head = block->next;
        ++popped;
        return block;
    }
    void push(free_frame* block) noexcept {
        block->next = head;
        head = block;
        ++pushed;
    }
};

inline constexpr std::size_t frame_class_count = frame_pool_class_max / frame_alignment + 1;

/// The first half of the classes is of frames with a header, the other of those without.
inline constexpr std::size_t frame_list_count = 2 * frame_class_count;

constexpr std::size_t frame_class_of(std::size_t bytes) noexcept {
    return (bytes + sizeof(frame_header) + frame_alignment - 1) / frame_alignment;
}
constexpr std::size_t sized_frame_class_of(std::size_t bytes) noexcept {
    return frame_class_count + (bytes + frame_alignment - 1) / frame_alignment;
}

/// One thread's lists. Constant-initialised and trivially destructible, so that the compiler
/// reaches it without a guard.
struct frame_thread {
    free_frames lists[frame_list_count];
    std::size_t cache_max = frame_pool_cache_max;  // 0 once the thread is ending
    // What the lists do not tell of the frames allocated and freed:
    std::size_t moved_in = 0;   // blocks that came from slabs and the depot
    std::size_t moved_out = 0;  // and went to the depot
    std::uint64_t from_system = 0;
    std::uint64_t freed_elsewhere = 0;
};
extern WEFT_EXPORT
    __attribute__((tls_model("initial-exec"))) constinit thread_local frame_thread the_frame_thread;

/// Everything but a pop from a list that has one.
[[nodiscard]] WEFT_EXPORT void* allocate_frame_slowly(std::size_t bytes);
[[nodiscard]] WEFT_EXPORT void* allocate_sized_frame_slowly(std::size_t bytes);
/// A frame from elsewhere.
WEFT_EXPORT void free_frame_elsewhere(void* frame) noexcept;
/// The thread's list has outgrown its bound.
WEFT_EXPORT void spill_frames(std::size_t size_class) noexcept;

}  // namespace detail

// A coroutine may go on on another thread, and clang keeps the address of a thread-local variable
// across a suspension when it sees it taken; g++ does not (it makes frames before it knows such
// addresses). Under clang these are calls.
#ifdef __clang__
#define WEFT_INLINE_FRAMES WEFT_EXPORT
#else
#define WEFT_INLINE_FRAMES inline
#endif

/// Returns a frame of `bytes` bytes with its header set. Throws `std::bad_alloc`. Any thread.
[[nodiscard]] WEFT_INLINE_FRAMES void* allocate_frame(std::size_t bytes);

/// Frees a frame, from the pool or by its header's `free`. Any thread.
WEFT_INLINE_FRAMES void deallocate_frame(void* frame) noexcept;

/// The same for who knows the size again when it frees: without a header, which is 16 bytes less
/// and a handful of instructions where the size is a constant. What comes from one goes to the
/// other.
[[nodiscard]] WEFT_INLINE_FRAMES void* allocate_sized_frame(std::size_t bytes);
WEFT_INLINE_FRAMES void deallocate_sized_frame(void* frame, std::size_t bytes) noexcept;

#undef WEFT_INLINE_FRAMES

#if !defined(__clang__) || defined(WEFT_DEFINES_FRAME_POOL)
// NOLINTBEGIN(misc-definitions-in-headers): under clang, in one source only

void* allocate_frame(std::size_t bytes) {
    detail::frame_thread& thread = detail::the_frame_thread;
    const std::size_t size_class = detail::frame_class_of(bytes);
    if (WEFT_ASAN || size_class >= detail::frame_class_count) [[unlikely]]
        return detail::allocate_frame_slowly(bytes);
    detail::free_frames& list = thread.lists[size_class];
    if (list.head == nullptr) [[unlikely]]
        return detail::allocate_frame_slowly(bytes);
    auto* const header = reinterpret_cast<frame_header*>(list.pop());
    *header = {nullptr, bytes};
    return header + 1;
}

void* allocate_sized_frame(std::size_t bytes) {
    detail::frame_thread& thread = detail::the_frame_thread;
    const std::size_t size_class = detail::sized_frame_class_of(bytes);
    if (WEFT_ASAN || size_class >= detail::frame_list_count) [[unlikely]]
        return detail::allocate_sized_frame_slowly(bytes);
    detail::free_frames& list = thread.lists[size_class];
    if (list.head == nullptr) [[unlikely]]
        return detail::allocate_sized_frame_slowly(bytes);
    return list.pop();
}

void deallocate_sized_frame(void* frame, std::size_t bytes) noexcept {
    detail::frame_thread& thread = detail::the_frame_thread;
    const std::size_t size_class = detail::sized_frame_class_of(bytes);
    if (WEFT_ASAN || size_class >= detail::frame_list_count) [[unlikely]]
        return deallocate_frame(frame);
    detail::free_frames& list = thread.lists[size_class];
    list.push(static_cast<detail::free_frame*>(frame));
    if (list.count() > thread.cache_max) [[unlikely]]
        detail::spill_frames(size_class);
}

void deallocate_frame(void* frame) noexcept {
    detail::frame_thread& thread = detail::the_frame_thread;
    frame_header* const header = header_of(frame);
    if (header->free != nullptr) [[unlikely]]
        return detail::free_frame_elsewhere(frame);
    const std::size_t size_class = detail::frame_class_of(header->bytes);
    detail::free_frames& list = thread.lists[size_class];
    list.push(reinterpret_cast<detail::free_frame*>(header));
    if (list.count() > thread.cache_max) [[unlikely]]
        detail::spill_frames(size_class);
}

// NOLINTEND(misc-definitions-in-headers)
#endif

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
