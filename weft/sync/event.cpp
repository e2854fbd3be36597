#include "weft/sync/event.hpp"

namespace weft {

const detail::wait_kind detail::event_kind{"event", &leave_queue};

void event::wake_all() {
    detail::scheduler& home = waiters_.home("event::set()");
    while (!waiters_.empty()) home.wake(*waiters_.pop().block);
}

}  // namespace weft
