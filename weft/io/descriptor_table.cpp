#include "weft/io/descriptor_table.hpp"

#include "weft/base/check.hpp"

#include <new>

namespace weft::detail {

descriptor_entry* descriptor_table::obtain(int fd) noexcept {
    WEFT_CHECK(fd >= 0, "a descriptor is not negative");
    if (descriptor_entry* const known = find(fd); known != nullptr) return known;
    const auto at = static_cast<std::size_t>(fd) / chunk_size;
    try {
        if (at >= chunks_.size()) chunks_.resize(at + 1);
        chunks_[at] = std::make_unique<chunk>();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
    return find(fd);
}

}  // namespace weft::detail
