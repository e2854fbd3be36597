#pragma once

#include "weft/base/check.hpp"
#include "weft/core/operation.hpp"

#include <utility>

namespace weft::detail {

/// Operations in the order in which they came, linked by their own `next` and `prev`; nothing is
/// allocated. For drivers: an operation is in one queue at most, and the driver knows which.
class operation_queue {
public:
    operation_queue() noexcept = default;
    operation_queue(operation_queue&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)),
          last_(std::exchange(other.last_, nullptr)) {}
    operation_queue& operator=(operation_queue&&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] operation* front() const noexcept { return first_; }

    void push_back(operation& op) noexcept {
        op.next = nullptr;
        op.prev = last_;
        (last_ == nullptr ? first_ : last_->next) = &op;
        last_ = &op;
    }

    operation& pop_front() noexcept {
        WEFT_DCHECK(first_ != nullptr, "an operation is taken from an empty queue");
        operation& op = *first_;
        remove(op);
        return op;
    }

    void remove(operation& op) noexcept {
        (op.prev == nullptr ? first_ : op.prev->next) = op.next;
        (op.next == nullptr ? last_ : op.next->prev) = op.prev;
        op.next = op.prev = nullptr;
    }

private:
    operation* first_ = nullptr;
    operation* last_ = nullptr;
};

/// In which direction bytes go, seen by who waits.
enum class direction : unsigned char { in, out };

[[nodiscard]] constexpr direction direction_of(operation_code code) noexcept {
    using enum operation_code;
    return code == read || code == readable || code == receive || code == receive_message ||
                   code == accept || code == read_at
               ? direction::in
               : direction::out;
}

}  // namespace weft::detail
