#include "weft/sync/condition.hpp"

#include "weft/base/error.hpp"
#include "weft/core/sleep.hpp"

namespace weft {
namespace detail {

const wait_kind condition_kind{
    "condition",
    [](waiter& w) noexcept { static_cast<condition_waiter&>(w).give_up(); },
};

namespace {
/// Not given up: who waits for it holds it when it raises.
constexpr wait_kind return_kind{"the mutex of a condition", nullptr};
}  // namespace

namespace {
mutex& mutex_of(const mutex::guard& held) {
    if (!held)
        throw usage_error("condition::wait(): the guard is empty: lock the mutex first, auto held "
                          "= co_await m.lock()");
    return *held.mutex();
}
}  // namespace

condition_waiter::condition_waiter(const wait_kind& k, condition& c, mutex::guard& held)
    : queued_waiter(k), condition_(&c), mutex_(mutex_of(held)) {}

void condition_waiter::begin() noexcept {
    condition_->waiting_.push(*this);
    ++mutex_.core_.returning;
    mutex_.core_.pass_on();
}

void condition_waiter::come_back() noexcept {
    --mutex_.core_.returning;
    kind = &return_kind;
    if (!mutex_.core_.try_take(key_of(block))) {
        entry_.block = block;
        mutex_.core_.wait(entry_);
    } else if (entry_.kind == &raising_kind) {
        this_scheduler().abandon(*block);
    } else {
        this_scheduler().wake(*block);
    }
}

void condition_waiter::give_up() noexcept {
    wait_queue::remove(*this);
    entry_.kind = &raising_kind;
    come_back();
}

condition_end condition_waiter::end() noexcept {
    if (orphaned_) return condition_end::gone;
    if (condition_ == nullptr) return condition_end::notified;
    wait_queue::remove(*this);
    const bool late = block != nullptr && block->has(block_flag::cancel_pending);
    return alone_ && late ? condition_end::owes : condition_end::notified;
}

void condition_waiter::settle(condition_end how) const {
    if (how == condition_end::gone) refuse_gone_condition();
    if (how == condition_end::owes) condition_->notify_one();
}

void condition_awaiter::finish() {
    settle(end());
    raise_if_cancelled_meanwhile(*this);
}

void refuse_gone_condition() {
    refuse_orphan(condition_kind);
}

}  // namespace detail

condition::~condition() {
    while (!notified_.empty())
        static_cast<detail::condition_waiter&>(notified_.pop()).condition_ = nullptr;
    if (waiting_.empty()) return;
    static_cast<void>(waiting_.home("the destruction of a condition"));
    while (!waiting_.empty()) {
        auto& w = static_cast<detail::condition_waiter&>(waiting_.pop());
        w.condition_ = nullptr;
        w.orphaned_ = true;
        w.come_back();
    }
}

void condition::notify_first(bool alone) noexcept {
    auto& w = static_cast<detail::condition_waiter&>(waiting_.pop());
    w.alone_ = alone;
    notified_.push(w);
    w.come_back();
}

void condition::notify_one() {
    if (waiting_.empty()) return;
    static_cast<void>(waiting_.home("condition::notify_one()"));
    notify_first(true);
}

void condition::notify_all() {
    if (waiting_.empty()) return;
    static_cast<void>(waiting_.home("condition::notify_all()"));
    while (!waiting_.empty()) notify_first(false);
}

}  // namespace weft
