#include "weft/stream/write_all.hpp"

#include <algorithm>

namespace weft::detail {

std::span<const std::string_view> pieces_left::batch() noexcept {
    const std::size_t count = std::min(pieces_.size(), batch_max);
    std::copy_n(pieces_.begin(), count, batch_.begin());
    batch_[0].remove_prefix(begun_);
    return std::span(batch_).first(count);
}

void pieces_left::take(std::size_t n) noexcept {
    begun_ += n;
    while (!pieces_.empty() && begun_ >= pieces_.front().size()) {
        begun_ -= pieces_.front().size();
        pieces_ = pieces_.subspan(1);
    }
}

}  // namespace weft::detail
