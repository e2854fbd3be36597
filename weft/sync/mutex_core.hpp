#pragma once

#include "weft/base/check.hpp"
#include "weft/base/export.hpp"
#include "weft/sync/wait_queue.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

/// What `mutex` and `recursive_mutex` share.
namespace weft {

/// Figures of a mutex.
class mutex_statistics {
public:
    mutex_statistics(bool locked, coroutine_id owner, std::size_t waiting,
                     std::uint64_t contended) noexcept
        : locked_(locked), owner_(owner), waiting_(waiting), contended_(contended) {}
    [[nodiscard]] bool locked() const noexcept { return locked_; }
    /// 0: nobody, or somebody who is no coroutine of weft.
    [[nodiscard]] coroutine_id owner() const noexcept { return owner_; }
    /// Coroutines that wait now.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// How often somebody had to wait.
    [[nodiscard]] std::uint64_t contended() const noexcept { return contended_; }

private:
    bool locked_;
    coroutine_id owner_;
    std::size_t waiting_;
    std::uint64_t contended_;
};

/// Holds a mutex, and unlocks it at the end of its life. Can be moved; empty afterwards.
template <class Mutex>
class [[nodiscard("the guard unlocks when it is destroyed: keep it, auto held = …")]] owning_guard {
public:
    owning_guard() noexcept = default;
    /// Takes over one that is locked.
    explicit owning_guard(Mutex& locked) noexcept : mutex_(&locked) {}
    owning_guard(owning_guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    owning_guard& operator=(owning_guard&& other) noexcept {
        owning_guard(std::move(other)).swap(*this);
        return *this;
    }
    ~owning_guard() {
        if (mutex_ != nullptr) mutex_->give_back();
    }

    /// It holds one.
    [[nodiscard]] explicit operator bool() const noexcept { return mutex_ != nullptr; }
    [[nodiscard]] Mutex* mutex() const noexcept { return mutex_; }
    /// Before its end. Does nothing when it is empty.
    void unlock() {
        if (Mutex* const held = std::exchange(mutex_, nullptr)) held->give_back();
    }
    /// Lets go without unlocking: `unlock()` of the mutex is due.
    Mutex* detach() noexcept { return std::exchange(mutex_, nullptr); }
    void swap(owning_guard& other) noexcept { std::swap(mutex_, other.mutex_); }

private:
    Mutex* mutex_ = nullptr;
};

namespace detail {

class condition_waiter;

/// Who holds a mutex: a coroutine's number and generation, as they lie in its block.
using owner_key = std::uint64_t;
inline constexpr owner_key nobody = 0;
/// A coroutine of another library, which has a block only while it waits, or a callback of the
/// loop.
inline constexpr owner_key no_coroutine_of_weft = ~owner_key{0};

[[nodiscard]] inline owner_key key_of(const control_block* b) noexcept {
    static_assert(offsetof(control_block, number) ==
                  offsetof(control_block, generation) + sizeof b->generation);
    if (b == nullptr || b->kind == block_kind::foreign) return no_coroutine_of_weft;
    owner_key key = 0;
    std::memcpy(&key, reinterpret_cast<const char*>(b) + offsetof(control_block, generation),
                sizeof key);
    return key;
}
/// REQUIRES: a loop runs on this thread.
[[nodiscard]] inline owner_key key_of_running() noexcept {
    return key_of(this_scheduler().current());
}
/// The same anywhere.
[[nodiscard]] inline owner_key key_of_caller() noexcept {
    return key_of(the_scheduler != nullptr ? the_scheduler->current() : nullptr);
}
[[nodiscard]] inline coroutine_id id_of(owner_key key) noexcept {
    return key == no_coroutine_of_weft ? 0 : std::rotl(key, 32);
}

WEFT_EXPORT extern const wait_kind mutex_kind;

/// Of one in the line that gets the mutex to raise `cancelled` with it: who waited on a `condition`
/// and gave up.
WEFT_EXPORT extern const wait_kind raising_kind;

/// Of one that holds it already: goes on, to throw.
WEFT_EXPORT extern const wait_kind relocking_kind;
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_relock();

/// One in the line for a mutex.
class lock_waiter : public queued_waiter {
public:
    explicit lock_waiter(const wait_kind& k = mutex_kind) noexcept : queued_waiter(k) {}
};

class WEFT_EXPORT mutex_core {
public:
    mutex_core() noexcept = default;
    mutex_core(const mutex_core&) = delete;
    mutex_core& operator=(const mutex_core&) = delete;
    ~mutex_core() {
        WEFT_CHECK(owner_ == nobody && returning == 0,
                   "a mutex was destroyed while it is locked or a condition needs it again: let "
                   "it outlive its guards, and who waits");
    }

    [[nodiscard]] bool locked() const noexcept { return owner_ != nobody; }
    [[nodiscard]] bool held_by(owner_key who) const noexcept {
        return owner_ == who && who != no_coroutine_of_weft;
    }
    [[nodiscard]] coroutine_id owner() const noexcept { return id_of(owner_); }
    [[nodiscard]] mutex_statistics statistics() const noexcept {
        return mutex_statistics(locked(), owner(), waiters_.size(), contended_);
    }

    [[nodiscard]] bool try_take(owner_key me) noexcept {
        if (owner_ != nobody) return false;
        owner_ = me;
        return true;
    }
    void wait(lock_waiter& w) noexcept;
    /// To the next in the line, or to nobody.
    void pass_on() {
        WEFT_CHECK(owner_ != nobody, "a mutex was unlocked by hand that a guard holds: detach() "
                                     "the guard first");
        if (waiters_.empty()) [[likely]]
            owner_ = nobody;
        else
            hand_over();
    }

    /// Throws `usage_error`.
    void check_unlock(const char* what) const {
        const owner_key me = key_of_caller();
        if (owner_ == me) [[likely]]
            return;
        if (owner_ == nobody || (me != no_coroutine_of_weft && owner_ != no_coroutine_of_weft))
            refuse_unlock(what);
    }

    /// Those in a `condition`, which will come back for it.
    std::size_t returning = 0;

private:
    void hand_over();
    [[noreturn, gnu::cold]] void refuse_unlock(const char* what) const;

    owner_key owner_ = nobody;
    wait_queue waiters_;
    std::uint64_t contended_ = 0;
};

/// `Mutex` has `take()`, which says whether it got it, `core_` and a guard.
template <class Mutex>
class lock_awaiter : public awaiter<lock_awaiter<Mutex>, lock_waiter> {
public:
    explicit lock_awaiter(Mutex& m) noexcept : mutex_(m) {}
    [[nodiscard]] bool try_now() { return mutex_.take(); }
    void start() noexcept { mutex_.core_.wait(*this); }
    [[nodiscard]] owning_guard<Mutex> finish() const {
        if (this->block != nullptr && this->kind == &relocking_kind) [[unlikely]]
            refuse_relock();
        return owning_guard<Mutex>(mutex_);
    }

private:
    Mutex& mutex_;
};

}  // namespace detail
}  // namespace weft
