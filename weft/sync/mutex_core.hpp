#pragma once

#include "weft/base/check.hpp"
#include "weft/base/export.hpp"
#include "weft/sync/wait_queue.hpp"

#include <cstddef>
#include <cstdint>
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

/// In place of an id: a coroutine of another library, or a callback of the loop.
inline constexpr coroutine_id no_coroutine_of_weft = ~coroutine_id{0};

[[nodiscard]] inline coroutine_id owner_id(const control_block& b) noexcept {
    return b.kind == block_kind::foreign ? no_coroutine_of_weft : b.id();
}
[[nodiscard]] inline coroutine_id who_runs() noexcept {
    const scheduler* const home = the_scheduler;
    const control_block* const b = home != nullptr ? home->current() : nullptr;
    return b != nullptr ? owner_id(*b) : no_coroutine_of_weft;
}

WEFT_EXPORT extern const wait_kind mutex_kind;

/// One in the line for a mutex.
class lock_waiter : public queued_waiter {
public:
    explicit lock_waiter(const wait_kind& k = mutex_kind) noexcept : queued_waiter(k) {}
    /// Gets the mutex, to raise `cancelled` with it: a `condition` had to be given up.
    bool raises = false;
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
    [[nodiscard]] bool held_by(coroutine_id who) const noexcept {
        return owner_ == who && who != no_coroutine_of_weft;
    }
    [[nodiscard]] coroutine_id owner() const noexcept {
        return owner_ == no_coroutine_of_weft ? 0 : owner_;
    }
    [[nodiscard]] mutex_statistics statistics() const noexcept {
        return mutex_statistics(locked(), owner(), waiters_.size(), contended_);
    }

    [[nodiscard]] bool try_take(coroutine_id me) noexcept {
        if (owner_ != nobody) return false;
        owner_ = me;
        return true;
    }
    void wait(lock_waiter& w) noexcept {
        ++contended_;
        waiters_.push(w);
    }
    /// To the next in the line, or to nobody.
    void pass_on() {
        WEFT_CHECK(owner_ != nobody, "a mutex was unlocked by hand that a guard holds: detach() "
                                     "the guard first");
        if (waiters_.empty()) [[likely]]
            owner_ = nobody;
        else
            hand_over();
    }

    /// Throw `usage_error`.
    void check_relock(coroutine_id me) const {
        if (held_by(me)) [[unlikely]]
            refuse_relock();
    }
    void check_unlock(const char* what) const {
        const coroutine_id me = who_runs();
        if (owner_ == me) [[likely]]
            return;
        if (owner_ == nobody || (me != no_coroutine_of_weft && owner_ != no_coroutine_of_weft))
            refuse_unlock(what);
    }

    /// Those in a `condition`, which will come back for it.
    std::size_t returning = 0;

private:
    static constexpr coroutine_id nobody = 0;

    void hand_over();
    [[noreturn, gnu::cold]] static void refuse_relock();
    [[noreturn, gnu::cold]] void refuse_unlock(const char* what) const;

    coroutine_id owner_ = nobody;
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
    [[nodiscard]] owning_guard<Mutex> finish() const noexcept {
        return owning_guard<Mutex>(mutex_);
    }

private:
    Mutex& mutex_;
};

}  // namespace detail
}  // namespace weft
