#include "weft/stream/ready_or_task.hpp"

namespace weft::detail {

const wait_kind task_kind{
    "a byte stream",
    [](waiter& w) noexcept { static_cast<task_waiter&>(w).cancel(); },
};

void task_waiter::cancel() noexcept {
    spawned_.cancel();
}

void task_waiter::wait_for_end_of(any_handle h) {
    static_cast<any_handle&>(spawned_) = std::move(h);
    spawned_.add_link([this](control_block& ended) {
        scheduler& home = this_scheduler();
        if (ended.state == block_state::cancelled)
            home.abandon(*block);
        else
            home.wake(*block);
    });
}

}  // namespace weft::detail
