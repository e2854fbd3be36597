#pragma once

#include "weft/core/control_block.hpp"
#include "weft/core/oracle.hpp"

#include <cstddef>

/// Who runs next.
namespace weft::detail {

/// The coroutines that are ready, linked through their control blocks: waking one allocates
/// nothing and cannot fail. First in, first out, unless an oracle chooses.
class ready_queue {
public:
    /// How many of the first an oracle may choose among.
    static constexpr std::size_t window = 64;

    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
    [[nodiscard]] control_block* front() const noexcept { return head_; }

    void push(control_block& b) noexcept {
        b.ready_next = nullptr;
        if (head_ == nullptr)
            head_ = &b;
        else
            tail_->ready_next = &b;
        tail_ = &b;
    }
    /// For what goes on at once: no oracle is asked about it.
    void push_front(control_block& b) noexcept {
        b.ready_next = head_;
        if (head_ == nullptr) tail_ = &b;
        head_ = &b;
    }
    /// REQUIRES: not empty.
    control_block& pop() noexcept {
        control_block& b = *head_;
        head_ = b.ready_next;
        return b;
    }
    /// Puts the one that `choices` names in front.
    void choose(oracle& choices) noexcept;

private:
    control_block* head_ = nullptr;
    control_block* tail_ = nullptr;  // of the last when there is one
};

}  // namespace weft::detail
