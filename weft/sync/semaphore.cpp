#include "weft/sync/semaphore.hpp"

#include "weft/base/error.hpp"

#include <string>

namespace weft {

const detail::wait_kind detail::semaphore_kind{
    "semaphore",
    [](waiter& w) noexcept { static_cast<permit_waiter&>(w).leave(); },
};

void detail::permit_waiter::leave() noexcept {
    leave_queue(*this);
    source.serve(this_scheduler());
}

void semaphore::serve(detail::scheduler& home) noexcept {
    while (!waiters_.empty()) {
        auto& next = static_cast<detail::permit_waiter&>(waiters_.front());
        if (next.wanted > available_) return;
        available_ -= next.wanted;
        detail::wait_queue::remove(next);
        home.wake(*next.block);
    }
}

void semaphore::release_to_waiters(std::size_t n) {
    detail::scheduler& home = waiters_.home("semaphore::release()");
    available_ += n;
    serve(home);
}

void semaphore::refuse_release(std::size_t n) const {
    throw usage_error("semaphore::release(" + std::to_string(n) +
                      "): " + std::to_string(available_) + " of its " + std::to_string(bound_) +
                      " permits are there, so fewer were acquired: release each permit once");
}

void semaphore::refuse_acquire(std::size_t n) const {
    throw usage_error("semaphore::acquire(" + std::to_string(n) + "): it never has more than " +
                      std::to_string(bound_) + " permits, so this would wait for ever");
}

}  // namespace weft
