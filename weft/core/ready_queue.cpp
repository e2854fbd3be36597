#include "weft/core/ready_queue.hpp"

namespace weft::detail {

void ready_queue::choose(oracle& choices) noexcept {
    std::size_t n = 0;
    for (const control_block* b = head_; b != nullptr && n < window; b = b->ready_next) ++n;
    if (n < 2) return;
    std::size_t skip = choices.choose(choice::ready, n);
    if (skip == 0) return;
    control_block* before = head_;
    while (--skip > 0) before = before->ready_next;
    control_block& chosen = *before->ready_next;
    before->ready_next = chosen.ready_next;
    if (tail_ == &chosen) tail_ = before;
    chosen.ready_next = head_;
    head_ = &chosen;
}

}  // namespace weft::detail
