#include "weft/sync/shared_event.hpp"

#include "weft/base/check.hpp"
#include "weft/core/sleep.hpp"

namespace weft {
namespace {

constexpr detail::wait_kind event_kind{
    "shared_event",
    [](detail::waiter& w) noexcept {
        auto& self = static_cast<shared_event::awaiter&>(w);
        if (self.give_up()) self.abandon();
    },
};

}  // namespace

class shared_event::thread_waiter final : public detail::remote_waiter {
public:
    thread_waiter() noexcept : remote_waiter(event_kind) {}
};

shared_event::~shared_event() {
    WEFT_CHECK(waiters_.empty(),
               "a shared_event is destroyed while somebody waits for it: it has to outlive them");
}

void shared_event::set() noexcept {
    detail::remote_batch woken;
    {
        const std::lock_guard lock(mutex_);
        set_.store(true, std::memory_order_release);
        woken.take(waiters_);
    }
    woken.wake();
}

void shared_event::blocking_wait() {
    detail::refuse_to_block_loop("shared_event::blocking_wait()");
    if (is_set()) return;
    thread_waiter self;
    {
        const std::lock_guard lock(mutex_);
        if (is_set()) return;
        waiters_.push_back(self);
    }
    self.block_thread();
}

std::size_t shared_event::waiting() const noexcept {
    const std::lock_guard lock(mutex_);
    return waiters_.size();
}

shared_event::awaiter::awaiter(shared_event& e) noexcept
    : detail::awaiter<awaiter, detail::remote_waiter>(event_kind), event_(e) {}

void shared_event::awaiter::start() noexcept {
    begin(detail::this_scheduler());
    {
        const std::lock_guard lock(event_.mutex_);
        if (!event_.is_set()) {
            event_.waiters_.push_back(*this);
            return;
        }
    }
    wake();
}

bool shared_event::awaiter::give_up() noexcept {
    const std::lock_guard lock(event_.mutex_);
    if (!linked()) return false;
    event_.waiters_.remove(*this);
    return true;
}

void shared_event::awaiter::finish() const {
    detail::raise_if_cancelled_meanwhile(*this);
}

}  // namespace weft
