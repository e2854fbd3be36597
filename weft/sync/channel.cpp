#include "weft/sync/channel.hpp"

#include "weft/base/error.hpp"

#include <string>

namespace weft {

channel_closed::~channel_closed() = default;

namespace detail {
namespace {

void give_up(waiter& w) noexcept {
    static_cast<channel_waiter&>(w).unlink();
    this_scheduler().abandon(*w.block);
}

void end_all(channel_queue& waiting, channel_event how) noexcept {
    while (!waiting.empty()) waiting.front().end(how);
}

}  // namespace

const wait_kind channel_send_kind{"room in a channel", &give_up};
const wait_kind channel_receive_kind{"an item from a channel", &give_up};

void refuse_closed_channel() {
    throw channel_closed("send: the channel is closed; the item was not taken");
}
void refuse_destroyed_channel(const char* attempt) {
    throw usage_error(std::string(attempt) +
                      ": the channel was destroyed while a coroutine waited for it: keep it alive "
                      "until its users have ended, or close() it and let them end");
}
void refuse_foreign_channel() {
    throw usage_error("channel: coroutines of another loop wait for it: a channel belongs to one "
                      "loop, and post() takes work to another");
}
void refuse_rendezvous(const char* type) {
    throw usage_error(std::string(type) +
                      ": its capacity is 0, and what is handed over at once has no order: use a "
                      "channel<T>, or a capacity of at least 1");
}

channel_base::~channel_base() {
    end_all(receivers_, channel_event::gone);
    end_all(senders_, channel_event::gone);
}

void channel_base::close() noexcept {
    closed_ = true;
    limit_ = 0;
    end_all(receivers_, channel_event::closed);
    end_all(senders_, channel_event::closed);
}

channel_statistics channel_base::statistics() const noexcept {
    return {sent_, received_, senders_.count(), receivers_.count()};
}

}  // namespace detail
}  // namespace weft
