#include "weft/machine/stack.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <sys/mman.h>

namespace weft {
namespace {

/// The lowest word of [from, to) that is not zero, or `to`. Reads another's stack, which
/// AddressSanitizer would not have.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] const char* first_used(
    const char* from, const char* to) noexcept {
    const auto* word = reinterpret_cast<const volatile std::uint64_t*>(from);
    const auto* const end = reinterpret_cast<const volatile std::uint64_t*>(to);
    while (word < end && *word == 0) ++word;
    return const_cast<const char*>(reinterpret_cast<const volatile char*>(word));
}

/// The same of whole pages, which need not be in memory: those that are not are not touched.
const char* first_used_page(char* from, char* to) noexcept {
    const std::size_t page = detail::page_bytes();
    std::array<unsigned char, 256> resident;
    while (from < to) {
        const std::size_t bytes =
            std::min(static_cast<std::size_t>(to - from), resident.size() * page);
        // It fails for memory that is not mapped only, which ours is.
        ::mincore(from, bytes, resident.data());
        for (std::size_t i = 0; i < bytes / page; ++i) {
            if ((resident[i] & 1) == 0) continue;
            // A page that was only read is in memory too, and all zero.
            const char* const begin = from + i * page;
            const char* const used = first_used(begin, begin + page);
            if (used != begin + page) return used;
        }
        from += bytes;
    }
    return to;
}

std::size_t name_of_literal(const void* owner, char* buffer, std::size_t size) noexcept {
    return std::string_view(static_cast<const char*>(owner)).copy(buffer, size);
}

}  // namespace

std::size_t stack::high_water() const {
    char* const end = slot_->slab->end_of(*slot_);
    const char* const used = first_used_page(static_cast<char*>(limit()), end);
    const auto* const top = static_cast<const char*>(slot_->top);
    return used < top ? static_cast<std::size_t>(top - used) : 0;
}

void stack::set_name(const char* name) noexcept {
    set_owner(name, &name_of_literal);
}

namespace detail {

void check_canary_words(const stack_slot& slot) noexcept {
    char* const limit = slot.slab->limit_of(slot);
    const auto* const frame = static_cast<const char*>(__builtin_frame_address(0));
    if (frame < limit && frame >= limit - slot.slab->guard()) report_dead_canary(slot);
    if (first_used(limit - canary_bytes, limit) != limit) report_dead_canary(slot);
}

void check_guard_is_untouched(const stack_slot& slot) noexcept {
    char* const limit = slot.slab->limit_of(slot);
    if (first_used_page(limit - slot.slab->guard(), limit) != limit) report_dead_canary(slot);
}

}  // namespace detail
}  // namespace weft
