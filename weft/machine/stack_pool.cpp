#include "weft/machine/stack_pool.hpp"

#include "weft/base/error.hpp"
#include "weft/machine/sanitizer.hpp"
#include "weft/machine/stack.hpp"
#include "weft/machine/stack_overflow.hpp"
#include "weft/machine/stack_slab.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <sys/mman.h>

#if WEFT_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace weft {
namespace detail {

/// A list of free stacks of one geometry. Touched by its owner only: a thread, or the depot's
/// mutex.
struct slot_list {
    stack_slot* head = nullptr;
    std::size_t count = 0;

    void push(stack_slot* slot) noexcept {
        slot->next = head;
        head = slot;
        ++count;
    }
    [[nodiscard]] stack_slot* pop() noexcept {
        stack_slot* const slot = head;
        head = slot->next;
        --count;
        return slot;
    }
};

/// Stacks of one size, guard and kind of guard. Made once, never destroyed; the first five members
/// are constant, the others the depot's mutex guards.
struct stack_geometry {
    std::size_t size;
    std::size_t guard;
    stack_guard kind;
    std::size_t cache_max;
    stack_geometry* next;
    slot_list free{};
    stack_slab* slab = nullptr;              // what stacks are cut from
    std::atomic<std::size_t> depot_count{};  // of `free`; read without the mutex, as a hint
};

namespace {

constexpr std::size_t first_slab_stacks = 64;
constexpr std::size_t slab_growth = 8;  // a million stacks in six slabs
constexpr std::size_t slab_bytes_max = std::size_t{256} << 30;
constexpr std::size_t refill_stacks = 16;

/// What all threads share. Never destroyed: stacks may be released while static objects are.
struct depot {
    std::mutex mutex;
    stack_geometry* geometries = nullptr;

    static depot& instance() {
        static depot* const the = new depot;
        return *the;
    }
};

/// A geometry that a thread uses, found by what was asked for.
struct thread_list {
    std::size_t bytes_asked = 0;
    std::size_t guard_asked = 0;
    stack_guard kind{};
    stack_geometry* geometry = nullptr;
    slot_list free{};
    std::uint32_t until_look = stack_pool_look_every;  // releases
    std::uint32_t to_trim = 0;  // of them, how many trim: some before were used deep
};

/// One thread's lists. Constant-initialised and trivially destructible, as in the frame pool.
/// Geometries beyond the eighth go to the depot and back each time.
struct thread_pool {
    std::array<thread_list, 8> lists;
    bool registered = false;
    bool ending = false;
    std::uint64_t acquired = 0;
    std::uint64_t released = 0;
    std::uint64_t trimmed = 0;
};

[[gnu::tls_model("initial-exec")]] constinit thread_local thread_pool this_thread;

/// Gives back the pages of a free stack but the highest `warm` bytes.
void trim(const stack_slot& slot, std::size_t warm) noexcept {
    const stack_slab& slab = *slot.slab;
    if (warm >= slab.size) return;
    ::madvise(slab.limit_of(slot), slab.size - warm, MADV_DONTNEED);
    ++this_thread.trimmed;
}

/// Leaves stacks of one geometry to the depot. Their pages are given back before, without its
/// mutex: by the hundred that takes a while.
void give_to_depot(stack_geometry& geometry, slot_list& stacks, std::size_t keep) noexcept {
    const bool warm = geometry.depot_count.load(std::memory_order_relaxed) < stack_pool_warm_max;
    slot_list given;
    while (stacks.count > keep) {
        stack_slot* const slot = stacks.pop();
        trim(*slot, warm ? page_bytes() : 0);
        given.push(slot);
    }
    const std::lock_guard lock(depot::instance().mutex);
    while (given.head != nullptr) geometry.free.push(given.pop());
    geometry.depot_count.store(geometry.free.count, std::memory_order_relaxed);
}

struct thread_end {
    ~thread_end() {
        thread_pool& pool = this_thread;
        pool.ending = true;
        for (thread_list& list : pool.lists)
            if (list.free.head != nullptr) give_to_depot(*list.geometry, list.free, 0);
    }
};

std::size_t round_to_pages(std::size_t bytes) noexcept {
    return (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

void check_sizes(std::size_t bytes, std::size_t guard) {
    constexpr std::size_t most = std::size_t{1} << 36;
    if (bytes < stack_bytes_min)
        throw usage_error("a stack of " + std::to_string(bytes) +
                          " bytes was asked for: reserve at least " +
                          std::to_string(stack_bytes_min) + " (only what is touched costs memory)");
    if (bytes > most || guard > most)
        throw usage_error("a stack of " + std::to_string(bytes) + " bytes with a guard of " +
                          std::to_string(guard) +
                          " was asked for: each is at most 64 GiB; was a negative number "
                          "converted?");
}

/// The geometry for what is asked, made when it is new. REQUIRES: the depot's mutex.
stack_geometry* find_geometry(std::size_t bytes, std::size_t guard_asked, stack_guard in_force) {
    check_sizes(bytes, guard_asked);
    const std::size_t size = round_to_pages(bytes);
    const std::size_t guard = round_to_pages(guard_asked);
    const stack_guard kind = guard == 0 ? stack_guard::canary : in_force;
    depot& shared = depot::instance();
    for (stack_geometry* one = shared.geometries; one != nullptr; one = one->next)
        if (one->size == size && one->guard == guard && one->kind == kind) return one;
    const std::size_t cache_max =
        std::clamp<std::size_t>(stack_pool_cache_bytes_max / size, 4, stack_pool_cache_max);
    shared.geometries = new stack_geometry{size, guard, kind, cache_max, shared.geometries};
    return shared.geometries;
}

/// A new stack. REQUIRES: the depot's mutex.
stack_slot* cut_new(stack_geometry& geometry) {
    stack_slab*& slab = geometry.slab;
    if (slab == nullptr || slab->cut.load(std::memory_order_relaxed) == slab->count) {
        const std::size_t most =
            std::max<std::size_t>(1, slab_bytes_max / (geometry.size + geometry.guard));
        const std::size_t wanted = slab == nullptr ? first_slab_stacks : slab->count * slab_growth;
        slab = make_stack_slab(&geometry, geometry.size, geometry.guard, std::min(wanted, most));
    }
    return cut_stack(*slab, geometry.kind);
}

/// The thread's list for what is asked, made when it is new; null when it has too many already.
thread_list* make_list(thread_pool& pool, std::size_t bytes, std::size_t guard, stack_guard kind,
                       stack_geometry* geometry) noexcept {
    for (thread_list& list : pool.lists) {
        if (list.geometry == nullptr) list = {bytes, guard, kind, geometry};
        if (list.geometry == geometry) return &list;
    }
    return nullptr;
}

/// Nothing is free in this thread. What is taken beside the first goes to the list.
[[gnu::noinline, gnu::cold]] stack_slot* acquire_from_depot(thread_pool& pool, std::size_t bytes,
                                                            std::size_t guard, stack_guard kind) {
    if (!pool.registered) {
        static thread_local thread_end at_end;
        static_cast<void>(&at_end);
        pool.registered = true;
        report_stack_overflows();
    }
    const std::lock_guard lock(depot::instance().mutex);
    stack_geometry* const geometry = find_geometry(bytes, guard, kind);
    thread_list* const list = pool.ending ? nullptr : make_list(pool, bytes, guard, kind, geometry);
    if (geometry->free.head == nullptr) return cut_new(*geometry);
    stack_slot* const slot = geometry->free.pop();
    std::size_t more = list == nullptr ? 0 : std::min(refill_stacks, geometry->cache_max / 2);
    for (; more > 0 && geometry->free.head != nullptr; --more)
        list->free.push(geometry->free.pop());
    geometry->depot_count.store(geometry->free.count, std::memory_order_relaxed);
    return slot;
}

[[gnu::noinline, gnu::cold]] void release_to_depot(stack_slot* slot) noexcept {
    slot_list one;
    one.push(slot);
    give_to_depot(*slot->slab->geometry, one, 0);
}

/// Whether the pages just below those that may stay warm have been touched.
bool was_used_deep(const stack_slot& slot) noexcept {
    const stack_slab& slab = *slot.slab;
    if (slab.size <= stack_pool_warm_bytes) return false;
    constexpr std::size_t pages_max = 8;
    unsigned char in_memory[pages_max] = {};
    const std::size_t page = page_bytes();
    const std::size_t pages =
        std::min(pages_max, (slab.size - stack_pool_warm_bytes + page - 1) / page);
    char* const below = slab.end_of(slot) - stack_pool_warm_bytes;
    if (::mincore(below - pages * page, pages * page, in_memory) != 0) return true;
    return std::any_of(in_memory, in_memory + pages, [](unsigned char p) { return (p & 1) != 0; });
}

/// A stack that is to be looked at or trimmed, or that fills its list.
[[gnu::noinline, gnu::cold]] void release_seldom(thread_list& list, stack_slot* slot) noexcept {
    if (list.until_look == 0) {
        list.until_look = stack_pool_look_every;
        if (was_used_deep(*slot)) list.to_trim = stack_pool_trim_run;
    }
    if (list.to_trim > 0) {
        --list.to_trim;
        trim(*slot, stack_pool_warm_bytes);
    }
    list.free.push(slot);
    if (list.free.count > list.geometry->cache_max)
        give_to_depot(*list.geometry, list.free, list.geometry->cache_max / 2);
}

stack_slot* begin_use(thread_pool& pool, stack_slot* slot) noexcept {
    ++pool.acquired;
    slot->in_use.store(true, std::memory_order_relaxed);
#if WEFT_ASAN
    ASAN_UNPOISON_MEMORY_REGION(slot->slab->limit_of(*slot), slot->slab->size);
#endif
    return slot;
}

}  // namespace

// Out of line: a coroutine may go on on another thread, and compilers keep the address of a
// thread-local variable across a suspension when they see it taken.
[[gnu::noinline]] stack_slot* acquire_stack(std::size_t bytes, std::size_t guard_bytes) {
    thread_pool& pool = this_thread;
    const stack_guard kind = guard_kind();
    for (thread_list& list : pool.lists) {
        if (list.bytes_asked != bytes || list.guard_asked != guard_bytes || list.kind != kind)
            continue;
        if (list.free.head == nullptr) break;
        return begin_use(pool, list.free.pop());
    }
    return begin_use(pool, acquire_from_depot(pool, bytes, guard_bytes, kind));
}

[[gnu::noinline]] void release_stack(stack_slot* slot) noexcept {
    thread_pool& pool = this_thread;
    ++pool.released;
    if (slot->has_canary) [[unlikely]]
        check_guard_is_untouched(*slot);
    slot->namer = nullptr;
    slot->in_use.store(false, std::memory_order_relaxed);
    for (thread_list& list : pool.lists) {
        if (list.geometry != slot->slab->geometry) continue;
        if (pool.ending) break;
        if (--list.until_look == 0 || list.to_trim > 0 ||
            list.free.count >= list.geometry->cache_max) [[unlikely]]
            return release_seldom(list, slot);
        list.free.push(slot);
        return;
    }
    release_to_depot(slot);
}

}  // namespace detail

stack_pool_statistics stack_pool_stats() {
    const detail::thread_pool& pool = detail::this_thread;
    stack_pool_statistics stats;
    stats.acquired = pool.acquired;
    stats.released = pool.released;
    stats.trimmed = pool.trimmed;
    for (const detail::thread_list& list : pool.lists) stats.cached_stacks += list.free.count;
    const detail::slab_totals slabs = detail::count_slabs();
    stats.slabs = slabs.slabs;
    stats.stacks = slabs.stacks;
    stats.reserved_bytes = slabs.bytes;
    const detail::guards_placed guards = detail::count_guards();
    stats.guards_installed = guards.installed;
    stats.guards_mprotected = guards.mprotected;
    stats.canaries = guards.canaries;
    detail::depot& shared = detail::depot::instance();
    const std::lock_guard lock(shared.mutex);
    for (const auto* one = shared.geometries; one != nullptr; one = one->next)
        stats.depot_stacks += one->free.count;
    return stats;
}

}  // namespace weft
