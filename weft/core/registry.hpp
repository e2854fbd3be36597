#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"

#include <cstddef>
#include <cstdint>

/// The registry: the slab of control blocks of a loop, and so the list of all its coroutines.
namespace weft::detail {

/// What each chunk of a slab begins with. Another process finds chunks by it, in memory or in a
/// core file: a change of its layout or of `control_block` is a new version.
struct registry_chunk {
    static constexpr char magic_text[8] = {'W', 'E', 'F', 'T', 'R', 'E', 'G', '\0'};
    static constexpr std::uint32_t layout_version = 1;

    char magic[8];
    std::uint32_t version = layout_version;
    std::uint32_t block_bytes = sizeof(control_block);
    std::uint32_t used = 0;  ///< slots from the first on that were ever in use
    std::uint32_t capacity = 0;
    class registry* owner = nullptr;
    registry_chunk* next = nullptr;
};
static_assert(sizeof(registry_chunk) <= sizeof(control_block));

/// Rules:
/// 1. A chunk is one aligned mapping, so that a block's loop is found from its address; pages that
///    no block has used cost nothing. From the third chunk on they may be huge pages: tens of
///    thousands of coroutines are resumed in an order that misses every TLB.
/// 2. Free slots are reused last in, first out, with the next generation.
/// 3. A handle may outlive its loop: the slab then outlives it too (`orphan`), until the last
///    handle has gone.
class WEFT_EXPORT registry {
public:
    static constexpr std::size_t chunk_bytes = std::size_t{2} << 20;
    static constexpr std::size_t blocks_in_chunk = chunk_bytes / sizeof(control_block) - 1;

    explicit registry(scheduler& of) noexcept : scheduler_(&of) {}
    registry(const registry&) = delete;
    registry& operator=(const registry&) = delete;

    /// Throws `std::bad_alloc`.
    [[nodiscard]] control_block& acquire() {
        control_block* b = free_;
        if (b == nullptr) [[unlikely]]
            b = &cut();
        else
            free_ = b->ready_next;
        ++taken_;
        return *b;
    }
    /// REQUIRES: its coroutine has ended; its result, joiners, locals, extra and name are gone.
    void release(control_block& b) noexcept {
        publish(b.kind, block_kind::none);
        b.state = block_state::alive;
        b.flags = 0;
        ++b.generation;
        b.ready_next = free_;
        free_ = &b;
        if (--taken_ == 0 && scheduler_ == nullptr) [[unlikely]]
            delete this;
    }

    /// Blocks in use: of coroutines that live, and of handles to those that have ended.
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

    /// Null when the loop is gone.
    [[nodiscard]] scheduler* home() const noexcept { return scheduler_; }
    [[nodiscard]] static registry& of(const control_block& b) noexcept {
        const auto* const bytes = reinterpret_cast<const char*>(&b);
        const auto offset = reinterpret_cast<std::uintptr_t>(bytes) & (chunk_bytes - 1);
        return *reinterpret_cast<const registry_chunk*>(bytes - offset)->owner;
    }

    /// Calls `visit(block)` for each block in use.
    template <class Visit>
    void each(Visit&& visit) {
        for (registry_chunk* c = chunks_; c != nullptr; c = c->next) {
            auto* const first = reinterpret_cast<control_block*>(c) + 1;
            for (std::uint32_t i = 0; i < c->used; ++i)
                if (first[i].kind != block_kind::none) visit(first[i]);
        }
    }

    /// The loop goes. Destroys the registry, now or with the last handle.
    void orphan() noexcept;

private:
    ~registry();
    control_block& cut();

    std::size_t chunk_count_ = 0;
    control_block* free_ = nullptr;
    std::size_t taken_ = 0;
    registry_chunk* chunks_ = nullptr;
    scheduler* scheduler_;
};

WEFT_EXPORT void retire_dressed_block(control_block& b) noexcept;
/// Gives the block of a coroutine back that has ended and that nobody holds; its loop may be gone.
inline void retire_block(control_block& b) noexcept {
    if (b.body != nullptr || b.extra != nullptr || b.locals != nullptr)
        return retire_dressed_block(b);
    registry::of(b).release(b);
}

}  // namespace weft::detail
