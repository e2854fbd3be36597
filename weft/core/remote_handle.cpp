#include "weft/core/remote_handle.hpp"

#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/core/registry.hpp"
#include "weft/core/scheduler.hpp"

namespace weft::detail {

const wait_kind remote_join_kind{
    "the end of a coroutine of another loop",
    [](waiter& w) noexcept {
        auto& self = static_cast<remote_end_waiter&>(w);
        if (self.state->unlink(self)) self.abandon();
    },
};

void refuse_empty_remote() {
    throw usage_error("remote_handle: it is empty: moved from, or never set");
}

void refuse_closed_loop() {
    throw usage_error("spawn_on(): the loop is closed: ask remote_loop::closed(), or post() and "
                      "see what it says");
}

std::exception_ptr never_began() noexcept {
    return std::make_exception_ptr(
        child_cancelled("the coroutine never began: its loop was closed before"));
}

const std::shared_ptr<inbox>& mail_for_remote(const control_block& b) {
    scheduler& here = scheduler_for("remote_handle");
    if (registry::of(b).home() != &here)
        throw usage_error("remote_handle: the coroutine is of another loop: make the handle on "
                          "that one's thread, or spawn_on() it");
    return here.shared_mail();
}

remote_state::cancel_letter::cancel_letter(remote_state& s) noexcept
    : posted{[](posted& p) noexcept {
                 auto& self = static_cast<cancel_letter&>(p);
                 const std::shared_ptr<remote_state> kept = std::move(self.keep);
                 if (kept->block_ != nullptr)
                     cancel_node::cancel_block(*kept->block_,
                                               cancel_origin(cancel_reason::request, self.at, 0));
             },
             nullptr,
             [](posted& p) noexcept {
                 const auto kept = std::move(static_cast<cancel_letter&>(p).keep);
             }},
      owner(s) {}

void remote_state::cancel(place at) {
    if (done() || cancelled_.exchange(true, std::memory_order_acq_rel)) return;
    cancel_.at = at;
    cancel_.keep = shared_from_this();
    if (!home_->post(cancel_)) cancel_.keep.reset();
}

bool remote_state::link(remote_waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    if (done()) return false;
    waiters_.push_back(w);
    return true;
}

bool remote_state::unlink(remote_waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    if (!w.linked()) return false;
    waiters_.remove(w);
    return true;
}

void remote_state::complete() noexcept {
    block_ = nullptr;
    remote_batch ended;
    {
        const std::lock_guard lock(mutex_);
        done_.store(true, std::memory_order_release);
        ended.take(waiters_);
    }
    release_home();
    ended.wake();
}

void remote_state::report_unless_observed(const std::exception_ptr& error) const noexcept {
    if (observed_.load(std::memory_order_relaxed)) return;
    try {
        std::rethrow_exception(error);
    } catch (const child_cancelled&) {
        // No error of its own.
    } catch (...) {
        report_unhandled(error, "a coroutine held by remote handles, which nobody joined");
    }
}

}  // namespace weft::detail
