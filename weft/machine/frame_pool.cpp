#define WEFT_DEFINES_FRAME_POOL  // under clang, here and out of line
#include "weft/machine/frame_pool.hpp"

#include "weft/machine/sanitizer.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

#include <sys/mman.h>

namespace weft {
namespace {

using detail::free_frame;
using detail::free_frames;
using detail::the_frame_thread;

constexpr std::size_t class_count = detail::frame_class_count;
constexpr std::size_t list_count = detail::frame_list_count;
constexpr std::size_t slab_bytes = std::size_t{256} * 1024;
/// A process with many frames resumes them in an order that misses every TLB: huge pages, then.
constexpr std::size_t large_slab_bytes = std::size_t{2} << 20;
constexpr std::size_t large_slabs_from = std::size_t{4} << 20;

/// Moves up to `n` blocks from one list to another.
void move_frames(free_frames& from, free_frames& to, std::size_t n) noexcept {
    for (; n > 0 && from.head != nullptr; --n) to.push(from.pop());
}

/// The uncut part of a slab; the record lies in it.
struct slab_rest {
    slab_rest* next;
    char* end;
};

/// What all threads share, under its mutex. It is never destroyed: frames may be freed while static
/// objects are, and the slabs stay reachable for leak checkers.
struct depot {
    std::mutex mutex;
    std::array<free_frames, list_count> lists;
    std::size_t slab_bytes_held = 0;
    void* slabs = nullptr;       // each slab's first word links to the next
    slab_rest* rests = nullptr;  // what ended threads had not cut yet

    static depot& instance() {
        static depot* const the = new depot;
        return *the;
    }
};

/// The calling thread's list of a class gets up to `n` blocks, or gives them.
void draw_frames(depot& shared, std::size_t size_class, std::size_t n) noexcept {
    free_frames& list = the_frame_thread.lists[size_class];
    const std::size_t before = list.pushed;
    move_frames(shared.lists[size_class], list, n);
    the_frame_thread.moved_in += list.pushed - before;
}
void leave_frames(depot& shared, std::size_t size_class, std::size_t n) noexcept {
    free_frames& list = the_frame_thread.lists[size_class];
    const std::size_t before = list.popped;
    move_frames(list, shared.lists[size_class], n);
    the_frame_thread.moved_out += list.popped - before;
}

/// What a thread cuts its blocks from.
struct thread_slab {
    bool registered = false;  // `thread_end` will empty the thread's lists
    char* begin = nullptr;    // the unused rest of this thread's slab
    char* end = nullptr;
};

[[gnu::tls_model("initial-exec")]] constinit thread_local thread_slab this_slab;

/// Leaves the blocks of an ending thread, and the rest of its slab, to the depot. Frames freed
/// later still, by the destructors of other thread-local objects, go there directly: `cache_max` is
/// 0.
struct thread_end {
    ~thread_end() {
        the_frame_thread.cache_max = 0;
        depot& shared = depot::instance();
        const std::lock_guard lock(shared.mutex);
        for (std::size_t c = 0; c < list_count; ++c)
            leave_frames(shared, c, the_frame_thread.lists[c].count());
        if (static_cast<std::size_t>(this_slab.end - this_slab.begin) >= frame_pool_class_max) {
            auto* const rest = reinterpret_cast<slab_rest*>(this_slab.begin);
            *rest = {shared.rests, this_slab.end};
            shared.rests = rest;
        }
        this_slab.begin = this_slab.end = nullptr;
    }
};

/// Memory aligned to 64 of which the first 64 bytes are ours.
char* from_system(std::size_t bytes) {
    return static_cast<char*>(::operator new(bytes, std::align_val_t{frame_alignment}));
}

/// Memory aligned to its own size, of huge pages where the system has some.
char* map_large_slab() {
    char* const slab =
        static_cast<char*>(::operator new(large_slab_bytes, std::align_val_t{large_slab_bytes}));
    static_cast<void>(::madvise(slab, large_slab_bytes, MADV_HUGEPAGE));
    return slab;
}

/// Gives the thread a slab to cut: one that an ended thread left, or a new one. What is left of the
/// one before (less than a block, at most 2 KiB of 256) is lost.
void renew_slab(thread_slab& mine) {
    depot& shared = depot::instance();
    const std::lock_guard lock(shared.mutex);
    if (slab_rest* const rest = shared.rests; rest != nullptr) {
        shared.rests = rest->next;
        mine.end = rest->end;
        mine.begin = reinterpret_cast<char*>(rest);
        return;
    }
    const bool large = shared.slab_bytes_held >= large_slabs_from;
    const std::size_t bytes = large ? large_slab_bytes : slab_bytes;
    char* const slab = large ? map_large_slab() : from_system(bytes);
    *reinterpret_cast<void**>(slab) = shared.slabs;
    shared.slabs = slab;
    shared.slab_bytes_held += bytes;
    mine.begin = slab + frame_alignment - sizeof(frame_header);
    mine.end = slab + bytes;
}

/// Fills an empty list: from the depot, or with blocks cut from the thread's slab, some at a time,
/// so that the mutex is seldom taken.
void refill(std::size_t size_class) {
    thread_slab& mine = this_slab;
    if (!mine.registered) {
        static thread_local thread_end at_end;
        static_cast<void>(&at_end);
        mine.registered = true;
    }
    free_frames& list = the_frame_thread.lists[size_class];
    {
        depot& shared = depot::instance();
        const std::lock_guard lock(shared.mutex);
        draw_frames(shared, size_class, std::max<std::size_t>(1, the_frame_thread.cache_max / 2));
    }
    if (list.head != nullptr) return;
    const std::size_t bytes = size_class % class_count * frame_alignment;
    // What is uncut begins 16 bytes before a multiple of 64: where a header does.
    const std::size_t skip = size_class < class_count ? 0 : sizeof(frame_header);
    const std::size_t lost = skip == 0 ? 0 : frame_alignment;
    if (static_cast<std::size_t>(mine.end - mine.begin) < bytes + lost) renew_slab(mine);
    const auto room = (static_cast<std::size_t>(mine.end - mine.begin) - lost) / bytes;
    mine.begin += skip;
    const std::size_t n = std::min<std::size_t>(room, 32);
    // The last one is pushed first: blocks are handed out in the order of their addresses.
    for (std::size_t i = n; i-- > 0;)
        list.push(reinterpret_cast<free_frame*>(mine.begin + i * bytes));
    the_frame_thread.moved_in += n;
    mine.begin += n * bytes;
    mine.begin += lost - skip;
}

void free_large(void* frame) noexcept {
    ::operator delete(static_cast<char*>(frame) - frame_alignment,
                      std::align_val_t{frame_alignment});
}

/// A frame too large for a class: 64 bytes in front of it keep the alignment.
void* allocate_large(std::size_t bytes) {
    char* const frame = from_system(bytes + frame_alignment) + frame_alignment;
    ++the_frame_thread.from_system;
    *header_of(frame) = {&free_large, bytes};
    return frame;
}

}  // namespace

namespace detail {

constinit thread_local frame_thread the_frame_thread;

[[gnu::noinline, gnu::cold]] void* allocate_frame_slowly(std::size_t bytes) {
    const std::size_t size_class = frame_class_of(bytes);
    if (WEFT_ASAN || size_class >= class_count) return allocate_large(bytes);
    refill(size_class);
    return allocate_frame(bytes);
}

[[gnu::noinline, gnu::cold]] void* allocate_sized_frame_slowly(std::size_t bytes) {
    const std::size_t size_class = sized_frame_class_of(bytes);
    if (WEFT_ASAN || size_class >= list_count) return allocate_large(bytes);
    refill(size_class);
    return allocate_sized_frame(bytes);
}

[[gnu::cold]] void free_frame_elsewhere(void* frame) noexcept {
    ++the_frame_thread.freed_elsewhere;
    header_of(frame)->free(frame);
}

[[gnu::noinline, gnu::cold]] void spill_frames(std::size_t size_class) noexcept {
    depot& shared = depot::instance();
    const std::lock_guard lock(shared.mutex);
    leave_frames(shared, size_class,
                 the_frame_thread.lists[size_class].count() - the_frame_thread.cache_max / 2);
}

}  // namespace detail

frame_pool_statistics frame_pool_stats() {
    const detail::frame_thread& pool = the_frame_thread;
    frame_pool_statistics stats;
    stats.allocated = pool.from_system - pool.moved_out;
    stats.freed = pool.freed_elsewhere - pool.moved_in;
    stats.from_system = pool.from_system;
    for (std::size_t c = 0; c < list_count; ++c) {
        const free_frames& list = pool.lists[c];
        stats.allocated += list.popped;
        stats.freed += list.pushed;
        stats.cached_frames += list.count();
        stats.cached_bytes += list.count() * (c % class_count) * frame_alignment;
    }
    depot& shared = depot::instance();
    const std::lock_guard lock(shared.mutex);
    stats.slab_bytes = shared.slab_bytes_held;
    for (const free_frames& list : shared.lists) stats.depot_frames += list.count();
    return stats;
}

}  // namespace weft
