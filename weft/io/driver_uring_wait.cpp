// How a driver_uring waits: its thread, its deadlines, who wakes it.

#include "weft/io/driver_uring.hpp"

#include "weft/base/check.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <utility>

namespace weft {
namespace {

/// One for each thread that ever asked; never that of another. Out of line: an address of a
/// thread's variable must not be kept from another thread.
[[gnu::noinline]] std::uint64_t thread_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    thread_local const std::uint64_t number = ++last;
    return number;
}

}  // namespace

/// The ring is this thread's from now on.
void driver_uring::bind() noexcept {
    const std::uint64_t here = thread_number();
    if (here == thread_) [[likely]]
        return;
    if (thread_ != 0 && ring_->is_exclusive()) renew_ring();
    thread_ = here;
    WEFT_CHECK(ring_->enable() == 0, "the io_uring of a loop cannot be enabled");
}

/// Only its thread can use an exclusive ring, and only within its calls is anything performed: so
/// once it is closed, what the kernel had is as if it had been given back.
void driver_uring::renew_ring() noexcept {
    take_completions();
    ring_.reset();
    try {
        ring_ = std::make_unique<detail::uring_ring>(entries_, may_be_exclusive_);
    } catch (...) {
        WEFT_CHECK(false, "no memory or descriptor for another io_uring of a loop, which went to "
                          "another thread or is nested in another poll");
    }
    wake_is_watched_ = alarm_is_watched_ = false;
    take_back_all();
}

void driver_uring::submit_requests() noexcept {
    ++stats_.enters;
    ring_->submit();
}

/// Returns as `uring_ring::wait`.
int driver_uring::wait(clock::duration timeout) noexcept {
    ++stats_.enters;
    const int result = ring_->wait(timeout);
    WEFT_CHECK(result != -EBADF && result != -EBADFD && result != -EINVAL,
               "the io_uring of a loop is gone: somebody closed a descriptor that was not theirs");
    WEFT_CHECK(result != -EBADR, "the kernel had no memory to report what it has performed");
    return result;
}

void driver_uring::park(clock::time_point deadline) noexcept {
    if (is_forked()) return park_in_child(deadline);
    bind();
    tell_all();
    const bool is_poll = deadline == clock::time_point::min() || has_results();
    if (is_poll || !wake_.arm()) {
        wake_.take();
        if (ring_->has_unsubmitted()) submit_requests();
        take_completions();
        return report();
    }
    watch_own();
    for (;;) {
        clock::duration timeout(-1);
        if (deadline != clock::never) timeout = std::max(deadline - now(), clock::duration::zero());
        const int result = wait(timeout);
        take_completions();
        if (result != 0 || has_results() || wake_.is_signalled() || deadline <= now()) break;
        tell_all();
    }
    wake_.take();
    report();
}

void driver_uring::watch_own() noexcept {
    if (!wake_is_watched_) wake_is_watched_ = ring_->watch(wake_.descriptor(), wake_tag);
    if (alarm_ && !alarm_is_watched_)
        alarm_is_watched_ = ring_->watch(alarm_.descriptor(), alarm_tag);
}

int driver_uring::descriptor() {
    refuse_forked("loop::fd() of a loop");
    if (!alarm_) {
        auto alarm = detail::deadline_alarm::make();
        bind();
        if (ring_->is_exclusive()) {
            recall_all();
            may_be_exclusive_ = false;
            renew_ring();
        }
        alarm_ = std::move(alarm);
        watch_own();
        submit_requests();
        // Until its first turn nobody knows what there is to do.
        wake_.raise();
    }
    return ring_->descriptor();
}

bool driver_uring::prepare(clock::time_point deadline) noexcept {
    if (is_forked()) return true;
    const bool is_idle = !has_results() && deadline > now();
    if (!alarm_) return is_idle && !wake_.is_signalled();
    bind();
    tell_all();
    watch_own();
    if (is_idle) alarm_.set(deadline, now());
    if (ring_->has_unsubmitted()) submit_requests();
    // What found no room is for the next turn.
    if (!is_idle || due_first_ >= 0 || !wake_.arm()) {
        wake_.raise();
        return false;
    }
    return true;
}

}  // namespace weft
