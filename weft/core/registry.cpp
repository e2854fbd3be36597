#include "weft/core/registry.hpp"

#include <cstring>
#include <new>

#include <sys/mman.h>

namespace weft::detail {
namespace {

/// A mapping aligned to its own size: twice as much, trimmed.
void* map_chunk() {
    constexpr std::size_t bytes = registry::chunk_bytes;
    void* const all = mmap(nullptr, 2 * bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    char* const begin = static_cast<char*>(all);
    const std::size_t beyond = reinterpret_cast<std::uintptr_t>(begin) & (bytes - 1);
    const std::size_t before = beyond == 0 ? 0 : bytes - beyond;
    if (before != 0) munmap(begin, before);
    munmap(begin + before + bytes, bytes - before);
    return begin + before;
}

}  // namespace

control_block& registry::cut() {
    if (chunks_ == nullptr || chunks_->used == chunks_->capacity) {
        void* const memory = map_chunk();
        // Advice: where it is refused, small pages do.
        if (++chunk_count_ > 2) static_cast<void>(madvise(memory, chunk_bytes, MADV_HUGEPAGE));
        auto* const made = ::new (memory) registry_chunk{};
        std::memcpy(made->magic, registry_chunk::magic_text, sizeof made->magic);
        made->capacity = blocks_in_chunk;
        made->owner = this;
        made->next = chunks_;
        chunks_ = made;
    }
    auto* const first = reinterpret_cast<control_block*>(chunks_) + 1;
    return *::new (first + chunks_->used++) control_block{};
}

void registry::orphan() noexcept {
    scheduler_ = nullptr;
    if (taken_ == 0) delete this;
}

registry::~registry() {
    while (chunks_ != nullptr) {
        registry_chunk* const gone = chunks_;
        chunks_ = gone->next;
        munmap(gone, chunk_bytes);
    }
}

}  // namespace weft::detail
