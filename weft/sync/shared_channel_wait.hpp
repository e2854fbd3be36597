#pragma once

#include "weft/base/export.hpp"
#include "weft/core/remote_wait.hpp"
#include "weft/sync/shared_ring.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

/// Who waits at a `shared_channel`, and how items get to them.
namespace weft::detail {

WEFT_EXPORT extern const wait_kind shared_send_kind;
WEFT_EXPORT extern const wait_kind shared_receive_kind;
WEFT_EXPORT void check_nobody_waits(const remote_list& senders, const remote_list& receivers);

/// A sender or a receiver that waits, and its item: the sender's until it is taken, the receiver's
/// from then on. Under the mutex of the channel while it is linked.
class ring_waiter : public remote_waiter {
public:
    using remote_waiter::remote_waiter;
    /// What came of it.
    ring_answer answer = ring_answer::wait;
    /// Takes it out of its channel; false when that has been done already.
    bool (*give_up)(ring_waiter& self) noexcept = nullptr;
};

template <class T>
class ring_item_waiter : public ring_waiter {
public:
    using ring_waiter::ring_waiter;
    ~ring_item_waiter() {
        if (full_) item().~T();
    }
    template <class U>
    void fill(U&& value) {
        ::new (room()) T(std::forward<U>(value));
        full_ = true;
    }
    [[nodiscard]] T& item() noexcept { return *std::launder(reinterpret_cast<T*>(room_)); }
    [[nodiscard]] bool full() const noexcept { return full_; }

    ring_answer fill_patiently_from(shared_ring<T>& ring) noexcept {
        answer = ring.pop_patiently(room());
        full_ = answer == ring_answer::done;
        return answer;
    }
    // For the receiver: takes the next one of the ring, or that of a sender.
    ring_answer fill_from(shared_ring<T>& ring) noexcept {
        answer = ring.pop(room());
        full_ = answer == ring_answer::done;
        return answer;
    }
    void fill_from(ring_item_waiter& sender) noexcept {
        fill(std::move(sender.item()));
        answer = sender.answer = ring_answer::done;
    }

private:
    [[nodiscard]] void* room() noexcept { return room_; }

    alignas(T) std::byte room_[sizeof(T)];
    bool full_ = false;
};

/// Rules:
/// 1. Who finds the ring ready neither takes the mutex nor is seen by anybody.
/// 2. Who waits is in one of the lists, under the mutex, and counted. Whoever has changed the ring
///    looks at the count of the other side and, when there is somebody, serves them (`serve`);
///    whoever is going to wait is counted, and then serves once itself. So either the one or the
///    other finds that the two fit (shared_ring.hpp, rule 2).
/// 3. Items go from hand to hand: a waiting sender's into the ring or to a waiting receiver, by
///    whichever thread serves. Its owner is woken when the mutex is free.
template <class T>
class channel_waits {
    using waiter_type = ring_item_waiter<T>;

public:
    explicit channel_waits(std::size_t capacity) : ring_(capacity) {}
    ~channel_waits() { check_nobody_waits(senders_, receivers_); }

    [[nodiscard]] shared_ring<T>& ring() noexcept { return ring_; }
    [[nodiscard]] const shared_ring<T>& ring() const noexcept { return ring_; }

    /// Sends `item`, or leaves it as it is.
    [[nodiscard]] ring_answer send_now(T& item) noexcept {
        if (ring_.capacity() == 0) return hand_over(item);
        const ring_answer answer = ring_.push(item);
        if (answer == ring_answer::done && receivers_waiting_.load() != 0) serve_now();
        return answer;
    }
    /// The same, for who looks again and again.
    [[nodiscard]] ring_answer send_soon(T& item) noexcept {
        if (ring_.capacity() == 0) return hand_over(item);
        const ring_answer answer = ring_.push_patiently(item);
        if (answer == ring_answer::done && receivers_waiting_.load() != 0) serve_now();
        return answer;
    }
    [[nodiscard]] ring_answer receive_soon(waiter_type& w) noexcept {
        if (ring_.capacity() == 0) return take_over(w);
        const ring_answer answer = w.fill_patiently_from(ring_);
        if (answer == ring_answer::done && senders_waiting_.load() != 0) serve_now();
        return answer;
    }
    /// Receives into `w`.
    [[nodiscard]] ring_answer receive_now(waiter_type& w) noexcept {
        if (ring_.capacity() == 0) return take_over(w);
        const ring_answer answer = w.fill_from(ring_);
        if (answer == ring_answer::done && senders_waiting_.load() != 0) serve_now();
        return answer;
    }
    /// `w` has an item and waits until it is taken. It may be woken before this returns.
    void wait_to_send(waiter_type& w) noexcept { wait_in(senders_, senders_waiting_, w); }
    void wait_to_receive(waiter_type& w) noexcept { wait_in(receivers_, receivers_waiting_, w); }
    [[nodiscard]] bool give_up_sending(waiter_type& w) noexcept {
        return give_up(senders_, senders_waiting_, w);
    }
    [[nodiscard]] bool give_up_receiving(waiter_type& w) noexcept {
        return give_up(receivers_, receivers_waiting_, w);
    }
    void close() noexcept {
        ring_.close();
        serve_now();
    }
    [[nodiscard]] std::size_t senders_waiting() const noexcept { return senders_waiting_.load(); }
    [[nodiscard]] std::size_t receivers_waiting() const noexcept {
        return receivers_waiting_.load();
    }

private:
    [[nodiscard]] static waiter_type& front(const remote_list& list) noexcept {
        return static_cast<waiter_type&>(list.front());
    }
    void count() noexcept {
        senders_waiting_.store(senders_.size());
        receivers_waiting_.store(receivers_.size());
    }
    void wait_in(remote_list& list, std::atomic<std::uint32_t>& waiting, waiter_type& w) noexcept {
        remote_batch served;
        {
            const std::lock_guard lock(mutex_);
            list.push_back(w);
            waiting.store(list.size());
            serve(served);
        }
        served.wake();
    }
    [[nodiscard]] bool give_up(remote_list& list, std::atomic<std::uint32_t>& waiting,
                               waiter_type& w) noexcept {
        const std::lock_guard lock(mutex_);
        if (!w.linked()) return false;
        list.remove(w);
        waiting.store(list.size());
        return true;
    }
    [[gnu::noinline]] void serve_now() noexcept {
        remote_batch served;
        {
            const std::lock_guard lock(mutex_);
            serve(served);
        }
        served.wake();
    }
    /// Under the mutex.
    void serve(remote_batch& served) noexcept {
        while (serve_receiver(served) || serve_sender(served)) {}
        count();
    }
    bool serve_receiver(remote_batch& served) noexcept {
        if (receivers_.empty()) return false;
        waiter_type& w = front(receivers_);
        if (ring_.capacity() == 0 && !senders_.empty()) {
            waiter_type& from = front(senders_);
            w.fill_from(from);
            senders_.remove(from);
            served.add(from);
        } else if (w.fill_from(ring_) == ring_answer::wait) {
            return false;
        }
        receivers_.remove(w);
        served.add(w);
        return true;
    }
    bool serve_sender(remote_batch& served) noexcept {
        if (senders_.empty()) return false;
        waiter_type& w = front(senders_);
        w.answer = ring_.push(w.item());
        if (w.answer == ring_answer::wait) return false;
        senders_.remove(w);
        served.add(w);
        return true;
    }

    // Without a buffer.
    [[nodiscard]] ring_answer hand_over(T& item) noexcept {
        if (ring_.closed()) return ring_answer::closed;
        if (receivers_waiting_.load() == 0) return ring_answer::wait;
        remote_batch served;
        {
            const std::lock_guard lock(mutex_);
            if (receivers_.empty() || ring_.closed()) return ring_answer::wait;
            waiter_type& to = front(receivers_);
            to.fill(std::move(item));
            to.answer = ring_answer::done;
            receivers_.remove(to);
            served.add(to);
            count();
        }
        served.wake();
        return ring_answer::done;
    }
    [[nodiscard]] ring_answer take_over(waiter_type& w) noexcept {
        if (ring_.closed()) return w.answer = ring_answer::closed;
        if (senders_waiting_.load() == 0) return ring_answer::wait;
        remote_batch served;
        {
            const std::lock_guard lock(mutex_);
            if (senders_.empty() || ring_.closed()) return ring_answer::wait;
            waiter_type& from = front(senders_);
            w.fill_from(from);
            senders_.remove(from);
            served.add(from);
            count();
        }
        served.wake();
        return ring_answer::done;
    }

    shared_ring<T> ring_;
    alignas(64) std::atomic<std::uint32_t> senders_waiting_ = 0;
    std::atomic<std::uint32_t> receivers_waiting_ = 0;
    std::mutex mutex_;
    remote_list senders_;
    remote_list receivers_;
};

}  // namespace weft::detail
