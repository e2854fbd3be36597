#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/waiter.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

/// Waiting for what another thread does: what `shared_event`, `shared_channel`, `remote_handle` and
/// `offload` have in common.
namespace weft::detail {

/// Somebody who waits, a coroutine of any loop or a thread without one, and lies on its frame or
/// stack.
///
/// Rules:
/// 1. It is linked in a list under the mutex of what it waits for. Whoever takes it out of there,
///    under that mutex, says what came of it (in the derived class) and, when the mutex is free
///    again, calls `wake` once; after that it is gone.
/// 2. Its own thread gives it up by taking it out of the list, under the mutex. When it is not
///    there, it has been taken: what came of it wins, and is about to arrive.
/// 3. A loop cannot end meanwhile, because its coroutine lives; so its inbox is there.
/// 4. While it waits, its loop does not call itself deadlocked (`scheduler::remotes`).
class WEFT_EXPORT remote_waiter : public waiter {
public:
    explicit remote_waiter(const wait_kind& k) noexcept;

    /// A coroutine of `home` is going to wait. Before it is linked.
    void begin(scheduler& home) noexcept {
        home_ = &home;
        ++home.remotes;
    }
    /// It has been given up.
    void abandon() noexcept {
        --home_->remotes;
        home_->abandon(*block);
    }
    /// Any thread. It may be gone when this returns.
    void wake() noexcept;

    /// A thread waits, until `wake`. REQUIRES: `begin` was not called.
    void block_thread() noexcept;

    /// It is in its list. Under the mutex.
    [[nodiscard]] bool linked() const noexcept { return linked_; }

private:
    friend class remote_list;
    friend class remote_batch;
    struct letter : posted {
        explicit letter(remote_waiter& w) noexcept;
        remote_waiter& owner;
    };
    void arrived() noexcept {
        --home_->remotes;
        home_->wake(*block);
    }

    scheduler* home_ = nullptr;
    remote_waiter* prev_ = nullptr;
    remote_waiter* next_ = nullptr;
    bool linked_ = false;
    std::atomic<std::uint32_t> woken_ = 0;  // of a thread
    letter letter_;

protected:
    ~remote_waiter() = default;
};

/// Who waits, first come first. Guarded by the mutex of its owner.
class WEFT_EXPORT remote_list {
public:
    remote_list() noexcept = default;
    remote_list(const remote_list&) = delete;
    remote_list& operator=(const remote_list&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] remote_waiter& front() const noexcept { return *first_; }
    void push_back(remote_waiter& w) noexcept;
    void remove(remote_waiter& w) noexcept;
    remote_waiter& pop_front() noexcept {
        remote_waiter& w = *first_;
        remove(w);
        return w;
    }

private:
    remote_waiter* first_ = nullptr;
    remote_waiter* last_ = nullptr;
    std::uint32_t size_ = 0;
};

/// Those who have been taken out of a list, to be woken when its mutex is free.
class WEFT_EXPORT remote_batch {
public:
    remote_batch() noexcept = default;
    remote_batch(const remote_batch&) = delete;
    remote_batch& operator=(const remote_batch&) = delete;

    /// REQUIRES: it is in no list.
    void add(remote_waiter& w) noexcept {
        w.next_ = nullptr;
        (last_ != nullptr ? last_->next_ : first_) = &w;
        last_ = &w;
    }
    void take(remote_list& from) noexcept {
        while (!from.empty()) add(from.pop_front());
    }
    void wake() noexcept {
        while (first_ != nullptr) {
            remote_waiter& w = *first_;
            first_ = w.next_;  // before it is gone
            w.wake();
        }
    }

private:
    remote_waiter* first_ = nullptr;
    remote_waiter* last_ = nullptr;
};

/// For what blocks a thread: a `usage_error` on one that runs a loop.
WEFT_EXPORT void refuse_to_block_loop(const char* attempt);

}  // namespace weft::detail
