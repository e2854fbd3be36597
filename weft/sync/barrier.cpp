#include "weft/sync/barrier.hpp"

#include "weft/base/error.hpp"

namespace weft {

broken_barrier::~broken_barrier() = default;

const detail::wait_kind detail::barrier_kind{
    "barrier",
    [](waiter& w) noexcept {
        auto& self = static_cast<barrier_awaiter&>(w);
        self.break_it();
        this_scheduler().abandon(*self.block);
    },
};

void detail::barrier_awaiter::break_it() noexcept {
    barrier_.break_without(*this);
}

void detail::barrier_awaiter::throw_broken() {
    throw broken_barrier("barrier: not all will come: it was aborted or reset, or a coroutine was "
                         "cancelled that waited here");
}

barrier::barrier(std::size_t parties) : parties_(parties) {
    if (parties == 0)
        throw usage_error("barrier: of no parties: give the number of coroutines that are to "
                          "meet, at least one");
}

bool barrier::arrive(detail::barrier_awaiter& w) {
    if (broken_) detail::barrier_awaiter::throw_broken();
    if (waiting_ + 1 < parties_) return false;
    if (!waiters_.empty()) wake_all(waiters_.home("barrier::wait()"), false);
    w.index_ = parties_ - 1;
    ++generation_;
    return true;
}

void barrier::wait_for_others(detail::barrier_awaiter& w) noexcept {
    w.index_ = waiting_++;
    waiters_.push(w);
}

void barrier::wake_all(detail::scheduler& home, bool broken) noexcept {
    waiting_ = 0;
    while (!waiters_.empty()) {
        auto& w = static_cast<detail::barrier_awaiter&>(waiters_.pop());
        w.broken_ = broken;
        home.wake(*w.block);
    }
}

void barrier::break_without(detail::queued_waiter& w) noexcept {
    detail::wait_queue::remove(w);
    broken_ = true;
    wake_all(detail::this_scheduler(), true);
}

void barrier::abort() {
    if (!waiters_.empty()) wake_all(waiters_.home("barrier::abort()"), true);
    broken_ = true;
}

void barrier::reset() {
    if (!waiters_.empty()) wake_all(waiters_.home("barrier::reset()"), true);
    broken_ = false;
}

}  // namespace weft
