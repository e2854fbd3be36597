#pragma once

#include "weft/core/spinner.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

/// The items of a `shared_channel`.
namespace weft::detail {

/// A lock that is held for a few instructions.
class spin_lock {
public:
    void lock() noexcept {
        if (!locked_.exchange(true, std::memory_order_acquire)) [[likely]]
            return;
        wait();
    }
    void unlock() noexcept { locked_.store(false, std::memory_order_release); }

private:
    [[gnu::noinline]] void wait() noexcept {
        constexpr int looks_max = 100;
        do {
            // Who has it may have lost its processor.
            for (int i = 0; locked_.load(std::memory_order_relaxed); ++i)
                i < looks_max ? pause_cpu() : std::this_thread::yield();
        } while (locked_.exchange(true, std::memory_order_acquire));
    }

    std::atomic<bool> locked_ = false;
};

enum class ring_answer : std::uint8_t { done, wait, closed };

/// A bounded queue with a lock at each end: with one sender and one receiver neither is ever
/// contended, and the two meet only when one has used up what it knew of the other's index (as in
/// the queues of D. Vyukov and E. Rigtorp).
///
/// Rules:
/// 1. `head_.index` and what is beside it belong to who holds the lock there, `tail_` likewise;
///    others read the indices only. The difference is the number of items.
/// 2. An index is published sequentially consistently: who has pushed then looks whether a receiver
///    waits, who is going to wait says so and then looks whether there is an item. One of the two
///    sees the other. The same the other way round.
/// 3. `closed_` is set under the lock of the tail. Who has seen it and then finds nothing knows that
///    there will never be anything.
template <class T>
class shared_ring {
public:
    explicit shared_ring(std::size_t capacity)
        : capacity_(capacity),
          mask_(std::bit_ceil(capacity < 1 ? std::size_t{1} : capacity) - 1),
          slots_(std::make_unique<slot[]>(mask_ + 1)) {}
    shared_ring(const shared_ring&) = delete;
    shared_ring& operator=(const shared_ring&) = delete;
    ~shared_ring() {
        for (std::uint64_t i = head_.index; i != tail_.index; ++i) at(i).~T();
    }

    /// Moves `item` in, or leaves it as it is.
    [[nodiscard]] ring_answer push(T& item) noexcept {
        tail_.lock.lock();
        const ring_answer answer = push_locked(item);
        tail_.lock.unlock();
        return answer;
    }
    /// Moves the oldest one to `to`, raw memory.
    [[nodiscard]] ring_answer pop(void* to) noexcept {
        head_.lock.lock();
        const ring_answer answer = pop_locked(to);
        head_.lock.unlock();
        return answer;
    }
    void close() noexcept {
        tail_.lock.lock();
        closed_.store(true);
        tail_.lock.unlock();
    }

    [[nodiscard]] bool closed() const noexcept { return closed_.load(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::size_t size() const noexcept {
        const std::uint64_t head = head_.index.load();
        return static_cast<std::size_t>(tail_.index.load() - head);
    }
    /// Cheap looks, to be repeated.
    [[nodiscard]] bool may_push() const noexcept { return size() < capacity_ || closed(); }
    [[nodiscard]] bool may_pop() const noexcept { return size() != 0 || closed(); }

private:
    struct slot {
        alignas(T) std::byte bytes[sizeof(T)];
    };
    struct alignas(64) end {
        spin_lock lock;
        std::uint64_t others = 0;  ///< the other index when last looked at
        std::atomic<std::uint64_t> index = 0;
    };

    [[nodiscard]] T& at(std::uint64_t index) noexcept {
        return *std::launder(reinterpret_cast<T*>(slots_[index & mask_].bytes));
    }
    ring_answer push_locked(T& item) noexcept {
        if (closed_.load()) return ring_answer::closed;
        const std::uint64_t index = tail_.index.load(std::memory_order_relaxed);
        if (index - tail_.others >= capacity_) {
            tail_.others = head_.index.load();
            if (index - tail_.others >= capacity_) return ring_answer::wait;
        }
        ::new (static_cast<void*>(slots_[index & mask_].bytes)) T(std::move(item));
        tail_.index.store(index + 1);
        return ring_answer::done;
    }
    ring_answer pop_locked(void* to) noexcept {
        const std::uint64_t index = head_.index.load(std::memory_order_relaxed);
        if (index == head_.others) {
            const bool is_last = closed_.load();
            head_.others = tail_.index.load();
            if (index == head_.others) return is_last ? ring_answer::closed : ring_answer::wait;
        }
        T& item = at(index);
        ::new (to) T(std::move(item));
        item.~T();
        head_.index.store(index + 1);
        return ring_answer::done;
    }

    const std::size_t capacity_;
    const std::size_t mask_;
    const std::unique_ptr<slot[]> slots_;
    std::atomic<bool> closed_ = false;
    end head_;
    end tail_;
};

}  // namespace weft::detail
