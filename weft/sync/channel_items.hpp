#pragma once

#include "weft/sync/channel_base.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

/// What a channel holds, first in first out.
namespace weft::detail {

/// A ring of chunks. With a capacity it is one chunk, allocated at once; without, it grows, and
/// keeps what it has grown to. No item is moved but in and out, so that a move that throws changes
/// nothing.
template <class T>
class fifo_items {
public:
    /// REQUIRES: `capacity` is not 0 if anything is ever pushed.
    explicit fifo_items(std::size_t capacity) : grows_(capacity == unbounded) {
        if (!grows_ && capacity > 0) add_chunk(capacity);
    }
    fifo_items(const fifo_items&) = delete;
    fifo_items& operator=(const fifo_items&) = delete;
    ~fifo_items() {
        if (last_ == nullptr) return;
        for (chunk* c = std::exchange(last_->next, nullptr); c != nullptr;) {
            chunk* const next = c->next;
            ::operator delete(static_cast<void*>(c), alignment);
            c = next;
        }
    }

    static constexpr bool never_fails = std::is_nothrow_move_constructible_v<T>;

    [[nodiscard]] bool push_at_once(T& item) {
        if (tail_ == tail_end_) [[unlikely]]
            return false;
        ::new (static_cast<void*>(tail_)) T(std::move(item));
        ++tail_;
        return true;
    }
    [[nodiscard]] bool take_at_once(std::optional<T>& into) {
        if (head_ == head_end_) [[unlikely]]
            return false;
        into.emplace(std::move(*head_));
        std::destroy_at(head_);
        ++head_;
        return true;
    }
    /// REQUIRES: there is room.
    void push(T&& item) {
        if (tail_ == tail_end_) [[unlikely]]
            next_tail();
        ::new (static_cast<void*>(tail_)) T(std::move(item));
        ++tail_;
    }
    /// Calls `move_out(item)` with the first, and removes it when that has returned. REQUIRES: not
    /// empty.
    template <class F>
    void take(F&& move_out) {
        if (head_ == head_end_) [[unlikely]]
            next_head();
        move_out(*head_);
        std::destroy_at(head_);
        ++head_;
    }

private:
    struct chunk {
        chunk* next;
        std::size_t count;
    };
    static constexpr std::align_val_t alignment{alignof(chunk) > alignof(T) ? alignof(chunk)
                                                                            : alignof(T)};
    static constexpr std::size_t header =
        (sizeof(chunk) + alignof(T) - 1) / alignof(T) * alignof(T);
    static constexpr std::size_t first_count = sizeof(T) < 64 ? 512 / sizeof(T) : 8;
    static constexpr std::size_t count_max = sizeof(T) < 4096 ? 65'536 / sizeof(T) : 16;

    [[nodiscard]] static T* begin_of(chunk* c) noexcept {
        return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(c) + header);
    }
    void next_head() noexcept {
        first_ = first_->next;
        head_ = begin_of(first_);
        head_end_ = head_ + first_->count;
    }
    void next_tail() {
        if (last_ == nullptr) return add_chunk(first_count);
        // The next one is in use when the head is in it, and is not just about to enter.
        if (grows_ && last_->next == first_ && head_ != tail_)
            return add_chunk(2 * last_->count < count_max ? 2 * last_->count : count_max);
        if (head_ == tail_) {
            next_head();
            last_ = first_;
            tail_ = head_;
            tail_end_ = head_end_;
            return;
        }
        last_ = last_->next;
        tail_ = begin_of(last_);
        tail_end_ = tail_ + last_->count;
    }
    void add_chunk(std::size_t count) {
        if (count > (std::size_t{1} << 47) / sizeof(T)) throw std::bad_array_new_length();
        auto* const c = static_cast<chunk*>(::operator new(header + count * sizeof(T), alignment));
        ::new (static_cast<void*>(c)) chunk{last_ != nullptr ? last_->next : c, count};
        if (last_ != nullptr) {
            last_->next = c;
        } else {
            first_ = c;
            head_ = begin_of(c);
            head_end_ = head_ + count;
        }
        last_ = c;
        tail_ = begin_of(c);
        tail_end_ = tail_ + count;
    }

    T* head_ = nullptr;
    T* head_end_ = nullptr;  // where the head goes on to the next chunk
    T* tail_ = nullptr;
    T* tail_end_ = nullptr;
    chunk* first_ = nullptr;  // with the head
    chunk* last_ = nullptr;   // with the tail
    bool grows_;
};

}  // namespace weft::detail
