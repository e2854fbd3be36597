#include "weft/machine/frame_pool.hpp"

#include "weft/machine/sanitizer.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

namespace weft {
namespace {

constexpr std::size_t class_count = frame_pool_class_max / frame_alignment + 1;
constexpr std::size_t slab_bytes = std::size_t{256} * 1024;

/// A free block: the header of the frame that it will hold. It begins 16 bytes before a multiple of
/// 64.
struct free_block {
    free_block* next;
};

/// A list of free blocks of one class. Touched by its owner only: a thread, or the depot's mutex.
struct free_list {
    free_block* head = nullptr;
    std::size_t count = 0;

    void push(free_block* block) noexcept {
        block->next = head;
        head = block;
        ++count;
    }

    /// Moves up to `n` blocks of this list to `other`.
    void move_to(free_list& other, std::size_t n) noexcept {
        for (; n > 0 && head != nullptr; --n) {
            free_block* const block = head;
            head = block->next;
            --count;
            other.push(block);
        }
    }
};

/// The uncut part of a slab; the record lies in it.
struct slab_rest {
    slab_rest* next;
    char* end;
};

/// What all threads share, under its mutex. It is never destroyed: frames may be freed while static
/// objects are, and the slabs stay reachable for leak checkers.
struct depot {
    std::mutex mutex;
    std::array<free_list, class_count> lists;
    std::size_t slab_bytes_held = 0;
    void* slabs = nullptr;       // each slab's first word links to the next
    slab_rest* rests = nullptr;  // what ended threads had not cut yet

    static depot& instance() {
        static depot* const the = new depot;
        return *the;
    }
};

/// One thread's lists. Constant-initialised and trivially destructible, so that the compiler
/// reaches it without a guard; `thread_end` below empties it when the thread ends.
struct thread_pool {
    std::array<free_list, class_count> lists;
    std::size_t cache_max = frame_pool_cache_max;  // 0 once the thread is ending
    bool registered = false;
    char* slab = nullptr;  // the unused rest of this thread's slab
    char* slab_end = nullptr;
    std::uint64_t allocated = 0;
    std::uint64_t freed = 0;
    std::uint64_t from_system = 0;
};

[[gnu::tls_model("initial-exec")]] constinit thread_local thread_pool this_thread;

/// Leaves the blocks of an ending thread, and the rest of its slab, to the depot. Frames freed
/// later still, by the destructors of other thread-local objects, go there directly: `cache_max` is
/// 0.
struct thread_end {
    ~thread_end() {
        thread_pool& pool = this_thread;
        pool.cache_max = 0;
        depot& shared = depot::instance();
        const std::lock_guard lock(shared.mutex);
        for (std::size_t c = 0; c < class_count; ++c)
            pool.lists[c].move_to(shared.lists[c], pool.lists[c].count);
        if (static_cast<std::size_t>(pool.slab_end - pool.slab) >= frame_pool_class_max) {
            auto* const rest = reinterpret_cast<slab_rest*>(pool.slab);
            *rest = {shared.rests, pool.slab_end};
            shared.rests = rest;
        }
        pool.slab = pool.slab_end = nullptr;
    }
};

/// Memory aligned to 64 of which the first 64 bytes are ours.
char* from_system(std::size_t bytes) {
    return static_cast<char*>(::operator new(bytes, std::align_val_t{frame_alignment}));
}

/// Gives the thread a slab to cut: one that an ended thread left, or a new one. What is left of the
/// one before (less than a block, at most 2 KiB of 256) is lost.
void renew_slab(thread_pool& pool) {
    depot& shared = depot::instance();
    const std::lock_guard lock(shared.mutex);
    if (slab_rest* const rest = shared.rests; rest != nullptr) {
        shared.rests = rest->next;
        pool.slab_end = rest->end;
        pool.slab = reinterpret_cast<char*>(rest);
        return;
    }
    char* const slab = from_system(slab_bytes);
    *reinterpret_cast<void**>(slab) = shared.slabs;
    shared.slabs = slab;
    shared.slab_bytes_held += slab_bytes;
    pool.slab = slab + frame_alignment - sizeof(frame_header);
    pool.slab_end = slab + slab_bytes;
}

/// Fills an empty list: from the depot, or with blocks cut from the thread's slab, some at a time,
/// so that the mutex is seldom taken.
[[gnu::noinline, gnu::cold]] void refill(thread_pool& pool, std::size_t size_class) {
    if (!pool.registered) {
        static thread_local thread_end at_end;
        static_cast<void>(&at_end);
        pool.registered = true;
    }
    free_list& list = pool.lists[size_class];
    {
        depot& shared = depot::instance();
        const std::lock_guard lock(shared.mutex);
        shared.lists[size_class].move_to(list, std::max<std::size_t>(1, pool.cache_max / 2));
    }
    if (list.head != nullptr) return;
    const std::size_t bytes = size_class * frame_alignment;
    if (static_cast<std::size_t>(pool.slab_end - pool.slab) < bytes) renew_slab(pool);
    const auto room = static_cast<std::size_t>(pool.slab_end - pool.slab) / bytes;
    const std::size_t n = std::min<std::size_t>(room, 32);
    // The last one is pushed first: blocks are handed out in the order of their addresses.
    for (std::size_t i = n; i-- > 0;)
        list.push(reinterpret_cast<free_block*>(pool.slab + i * bytes));
    pool.slab += n * bytes;
}

/// The thread's list has outgrown its bound.
[[gnu::noinline, gnu::cold]] void spill(thread_pool& pool, std::size_t size_class) noexcept {
    free_list& list = pool.lists[size_class];
    depot& shared = depot::instance();
    const std::lock_guard lock(shared.mutex);
    list.move_to(shared.lists[size_class], list.count - pool.cache_max / 2);
}

void free_large(void* frame) noexcept {
    ::operator delete(static_cast<char*>(frame) - frame_alignment,
                      std::align_val_t{frame_alignment});
}

constexpr std::size_t class_of(std::size_t bytes) noexcept {
    return (bytes + sizeof(frame_header) + frame_alignment - 1) / frame_alignment;
}

/// A frame too large for a class: 64 bytes in front of it keep the alignment.
[[gnu::noinline, gnu::cold]] void* allocate_large(std::size_t bytes) {
    char* const frame = from_system(bytes + frame_alignment) + frame_alignment;
    ++this_thread.allocated;
    ++this_thread.from_system;
    *header_of(frame) = {&free_large, bytes};
    return frame;
}

/// The usual case needs no stack because this one is a call of its own.
[[gnu::noinline, gnu::cold]] void* allocate_from_empty(std::size_t bytes) {
    refill(this_thread, class_of(bytes));
    return allocate_frame(bytes);
}

}  // namespace

// Both functions stay out of line: a coroutine may go on on another thread, and compilers keep the
// address of a thread-local variable across a suspension when they see it taken.
[[gnu::noinline]] void* allocate_frame(std::size_t bytes) {
    thread_pool& pool = this_thread;
    const std::size_t size_class = class_of(bytes);
    if (WEFT_ASAN || size_class >= class_count) [[unlikely]]
        return allocate_large(bytes);
    free_list& list = pool.lists[size_class];
    free_block* const block = list.head;
    if (block == nullptr) [[unlikely]]
        return allocate_from_empty(bytes);
    list.head = block->next;
    --list.count;
    ++pool.allocated;
    auto* const header = reinterpret_cast<frame_header*>(block);
    *header = {nullptr, bytes};
    return header + 1;
}

[[gnu::noinline]] void deallocate_frame(void* frame) noexcept {
    thread_pool& pool = this_thread;
    frame_header* const header = header_of(frame);
    ++pool.freed;
    if (header->free != nullptr) [[unlikely]]
        return header->free(frame);
    const std::size_t size_class = class_of(header->bytes);
    free_list& list = pool.lists[size_class];
    list.push(reinterpret_cast<free_block*>(header));
    if (list.count > pool.cache_max) [[unlikely]]
        spill(pool, size_class);
}

frame_pool_statistics frame_pool_stats() {
    const thread_pool& pool = this_thread;
    frame_pool_statistics stats;
    stats.allocated = pool.allocated;
    stats.freed = pool.freed;
    stats.from_system = pool.from_system;
    for (std::size_t c = 0; c < class_count; ++c) {
        stats.cached_frames += pool.lists[c].count;
        stats.cached_bytes += pool.lists[c].count * c * frame_alignment;
    }
    depot& shared = depot::instance();
    const std::lock_guard lock(shared.mutex);
    stats.slab_bytes = shared.slab_bytes_held;
    for (const free_list& list : shared.lists) stats.depot_frames += list.count;
    return stats;
}

}  // namespace weft
