#include "weft/sync/mutex_core.hpp"

#include "weft/base/error.hpp"

#include <string>

namespace weft::detail {

const wait_kind mutex_kind{"mutex", &leave_queue};
const wait_kind relocking_kind{"mutex", nullptr};
const wait_kind raising_kind{"the mutex of a condition, cancelled", nullptr};

void mutex_core::hand_over() {
    scheduler& home = waiters_.home("mutex::unlock()");
    const queued_waiter& next = waiters_.pop();
    owner_ = key_of(next.block);
    if (next.kind == &raising_kind) [[unlikely]]
        home.abandon(*next.block);
    else
        home.wake(*next.block);
}

void mutex_core::wait(lock_waiter& w) noexcept {
    if (held_by(key_of(w.block))) [[unlikely]] {
        w.kind = &relocking_kind;
        this_scheduler().wake(*w.block);
        return;
    }
    ++contended_;
    waiters_.push(w);
}

void refuse_relock() {
    throw usage_error("mutex::lock(): this coroutine holds it already and would wait for itself: "
                      "unlock it first, or use a recursive_mutex");
}

void mutex_core::refuse_unlock(const char* what) const {
    const std::string attempt = std::string(what) + "::unlock()";
    if (owner_ == nobody)
        throw usage_error(attempt + ": it is not locked: keep the guard that lock() gives, which "
                                    "unlocks, or detach() it to unlock by hand");
    throw usage_error(attempt + ": another coroutine holds it, number " +
                      std::to_string(owner() & 0xffffffff) +
                      ": who has locked it unlocks it, or moves its guard here");
}

}  // namespace weft::detail
