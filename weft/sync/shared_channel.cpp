#include "weft/sync/shared_channel.hpp"

#include "weft/base/check.hpp"

namespace weft {

namespace detail {
namespace {

void give_up_waiting(waiter& w) noexcept {
    auto& self = static_cast<ring_waiter&>(w);
    if (self.give_up(self)) self.abandon();
}

}  // namespace

const wait_kind shared_send_kind{"send on a shared_channel", &give_up_waiting};
const wait_kind shared_receive_kind{"receive on a shared_channel", &give_up_waiting};

void check_nobody_waits(const remote_list& senders, const remote_list& receivers) {
    WEFT_CHECK(senders.empty() && receivers.empty(),
               "a shared_channel is destroyed while somebody waits at it: it has to outlive its "
               "senders and receivers; close() it and join them");
}

}  // namespace detail
}  // namespace weft
