#include "weft/sync/joinable.hpp"

#include "weft/base/error.hpp"
#include "weft/core/sleep.hpp"

namespace weft::detail {

const wait_kind items_done_kind{
    "the items of a channel to be done",
    [](waiter& w) noexcept {
        static_cast<channel_waiter&>(w).unlink();
        this_scheduler().abandon(*w.block);
    },
};

void refuse_task_done() {
    throw usage_error("task_done(): everything that was sent is done: call it once for each item "
                      "that was received");
}

void items_done_awaiter::finish() const {
    raise_if_cancelled_meanwhile(*this);
    if (event() == channel_event::gone) refuse_destroyed_channel("join");
}

done_count::~done_count() {
    while (!waiting_.empty()) waiting_.front().end(channel_event::gone);
}

void done_count::wake_all() noexcept {
    while (!waiting_.empty()) waiting_.front().end(channel_event::done);
}

}  // namespace weft::detail
