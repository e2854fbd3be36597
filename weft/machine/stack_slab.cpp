#include "weft/machine/stack_slab.hpp"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace weft::detail {
namespace {

std::atomic<stack_slab*> newest{nullptr};

/// An odd number of pages (rule 2), with at least one for the guard or the canary.
std::size_t pitch_of(std::size_t size, std::size_t guard) noexcept {
    const std::size_t page = page_bytes();
    const std::size_t pages = (size + (guard == 0 ? page : guard)) / page;
    return (pages | 1) * page;
}

[[noreturn]] void throw_no_room(int error, std::size_t size) {
    throw std::system_error(error, std::generic_category(),
                            "no address space for a stack of " + std::to_string(size) +
                                " bytes: raise the limit (ulimit -v), reserve less for each, or "
                                "keep fewer alive");
}

}  // namespace

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

stack_slab* make_stack_slab(stack_geometry* geometry, std::size_t size, std::size_t guard,
                            std::size_t count) {
    const std::size_t pitch = pitch_of(size, guard);
    void* memory = MAP_FAILED;
    int error = 0;
    for (;; count /= 2) {
        memory = ::mmap(nullptr, pitch * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory != MAP_FAILED) break;
        error = errno;
        if (count == 1) throw_no_room(error, size);
    }
    // A huge page would make each top 2 MiB resident. Kernels built without them refuse: fine.
    ::madvise(memory, pitch * count, MADV_NOHUGEPAGE);
    stack_slab* slab = nullptr;
    try {
        // Not touched before they are cut. They are kept for ever, as the slab is.
        auto slots = std::make_unique_for_overwrite<char[]>(count * sizeof(stack_slot));
        slab = new stack_slab{
            static_cast<char*>(memory), pitch, size, count, nullptr, geometry, newest.load(), {0}};
        slab->slots = reinterpret_cast<stack_slot*>(slots.release());
    } catch (...) {
        ::munmap(memory, pitch * count);
        throw;
    }
    newest.store(slab, std::memory_order_release);
    return slab;
}

stack_slot* cut_stack(stack_slab& slab, stack_guard kind) noexcept {
    const std::size_t index = slab.cut.load(std::memory_order_relaxed);
    stack_slot* const slot = new (slab.slots + index) stack_slot{};
    char* const end = slab.end_of(*slot);
    slot->slab = &slab;
    slot->top = end - index * colour_step % colour_bytes;
    slot->has_canary = place_guard(kind, end - slab.pitch, slab.guard()) == stack_guard::canary;
    slab.cut.store(index + 1, std::memory_order_release);
    return slot;
}

stack_slot* find_stack(const void* address) noexcept {
    const auto* const place = static_cast<const char*>(address);
    for (stack_slab* slab = newest.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->older) {
        if (place < slab->base || place >= slab->base + slab->count * slab->pitch) continue;
        const std::size_t index = static_cast<std::size_t>(place - slab->base) / slab->pitch;
        return index < slab->cut.load(std::memory_order_acquire) ? slab->slots + index : nullptr;
    }
    return nullptr;
}

slab_totals count_slabs() noexcept {
    slab_totals totals;
    for (const stack_slab* slab = newest.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->older) {
        ++totals.slabs;
        totals.bytes += slab->count * slab->pitch;
        totals.stacks += slab->cut.load(std::memory_order_acquire);
    }
    return totals;
}

}  // namespace weft::detail
