#pragma once

#include "weft/core/spinner.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <sched.h>

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
            for (int i = 0; locked_.load(std::memory_order_relaxed); ++i) {
                if (i < looks_max)
                    pause_cpu();
                else
                    ::sched_yield();
            }
        } while (locked_.exchange(true, std::memory_order_acquire));
    }

    std::atomic<bool> locked_ = false;
};

enum class ring_answer : std::uint8_t { done, wait, closed };

/// A bounded queue with a lock at each end: with one sender and one receiver neither lock is ever
/// contended. The two ends meet in the slots only, each of which says whose turn it is, beside its
/// item (as in the queue of D. Vyukov): an item from one processor to another is one line of cache.
///
/// Rules:
/// 1. `head_` belongs to who holds its lock, `tail_` likewise. `count` may be read by others.
/// 2. `slot::turn` is `2 * lap` when the sender of that lap may fill it, one more when the receiver
///    may empty it. It is published sequentially consistently: who has filled one then looks
///    whether a receiver waits, who is going to wait says so and then looks at the slot. One of the
///    two sees the other. The same the other way round.
/// 3. `closed_` is set under the lock of the tail. Who has seen it and then finds nothing knows
///    that there will never be anything.
template <class T>
class shared_ring {
public:
    explicit shared_ring(std::size_t capacity)
        : capacity_(capacity), slots_(std::make_unique<slot[]>(capacity)) {}
    shared_ring(const shared_ring&) = delete;
    shared_ring& operator=(const shared_ring&) = delete;
    ~shared_ring() {
        for (std::size_t left = size(); left != 0; --left, head_.advance(capacity_))
            slots_[head_.position].item().~T();
    }

    /// Moves `item` in, or leaves it as it is.
    [[nodiscard]] ring_answer push(T& item) noexcept {
        tail_.lock.lock();
        const ring_answer answer = push_locked(item);
        tail_.lock.unlock();
        return answer;
    }
    /// For who looks again and again. Two ends that are a few slots apart take lines of cache from
    /// each other with every item, so in a large ring they leave each other some room: this says
    /// no before there is room for a number of items...
    [[nodiscard]] ring_answer push_patiently(T& item) noexcept {
        if (capacity_ < patient_from) return push(item);
        tail_.lock.lock();
        const std::size_t ahead = tail_.position + capacity_ / 8;
        const bool wraps = ahead >= capacity_;
        const slot& s = slots_[wraps ? ahead - capacity_ : ahead];
        const bool has_room = s.turn.load() == tail_.lap + (wraps ? 2 : 0);
        const ring_answer answer =
            has_room || closed_.load() ? push_locked(item) : ring_answer::wait;
        tail_.lock.unlock();
        return answer;
    }
    /// ... and this lets the other end go ahead for a moment before it looks.
    [[nodiscard]] ring_answer pop_patiently(void* to) noexcept {
        constexpr int pauses = 8;
        if (capacity_ >= patient_from)
            for (int i = 0; i < pauses; ++i) pause_cpu();
        return pop(to);
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
        const std::uint64_t head = head_.count.load();
        return static_cast<std::size_t>(tail_.count.load() - head);
    }

private:
    static constexpr std::size_t patient_from = 64;

    struct slot {
        [[nodiscard]] T& item() noexcept { return *std::launder(reinterpret_cast<T*>(bytes)); }

        std::atomic<std::uint64_t> turn = 0;
        alignas(T) std::byte bytes[sizeof(T)];
    };
    struct alignas(64) end {
        void advance(std::size_t capacity) noexcept {
            // An atomic for who asks for the size; nobody else writes.
            count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
            if (++position != capacity) return;
            position = 0;
            lap += 2;
        }

        spin_lock lock;
        std::size_t position = 0;
        std::uint64_t lap = 0;  ///< twice the number
        std::atomic<std::uint64_t> count = 0;
    };

    ring_answer push_locked(T& item) noexcept {
        if (closed_.load()) return ring_answer::closed;
        if (capacity_ == 0) return ring_answer::wait;
        slot& s = slots_[tail_.position];
        if (s.turn.load() != tail_.lap) return ring_answer::wait;
        ::new (static_cast<void*>(s.bytes)) T(std::move(item));
        s.turn.store(tail_.lap + 1);
        tail_.advance(capacity_);
        return ring_answer::done;
    }
    ring_answer pop_locked(void* to) noexcept {
        if (capacity_ == 0) return closed_.load() ? ring_answer::closed : ring_answer::wait;
        slot& s = slots_[head_.position];
        if (s.turn.load() != head_.lap + 1) {
            const bool is_last = closed_.load();
            if (s.turn.load() != head_.lap + 1)
                return is_last ? ring_answer::closed : ring_answer::wait;
        }
        ::new (to) T(std::move(s.item()));
        s.item().~T();
        s.turn.store(head_.lap + 2);
        head_.advance(capacity_);
        return ring_answer::done;
    }

    const std::size_t capacity_;
    const std::unique_ptr<slot[]> slots_;
    std::atomic<bool> closed_ = false;
    end head_;
    end tail_;
};

}  // namespace weft::detail
