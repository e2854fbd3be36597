#include "weft/sync/wait_queue.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/registry.hpp"

#include <string>

namespace weft::detail {

std::size_t wait_queue::size() const noexcept {
    std::size_t n = 0;
    for (const queue_link* one = ends_.next; one != &ends_; one = one->next) ++n;
    return n;
}

scheduler& wait_queue::home(const char* attempt) const {
    scheduler* const s = the_scheduler;
    if (s == nullptr || registry::of(*front().block).home() != s) [[unlikely]]
        throw usage_error(std::string(attempt) +
                          ": called on another thread than the loop's whose coroutines wait for "
                          "it: post() the call to that loop, or use what crosses threads, "
                          "shared_event or shared_channel");
    return *s;
}

void wait_queue::orphan_all() noexcept {
    WEFT_CHECK(the_scheduler == registry::of(*front().block).home(),
               "what coroutines wait for was destroyed on another thread than their loop's");
    while (!empty()) {
        queued_waiter& w = pop();
        w.kind = &orphan_kind;
        // One that was woken already is linked only because it has not resumed yet.
        if (w.block->wait == &w) the_scheduler->wake(*w.block);
    }
}

void leave_queue(waiter& w) noexcept {
    wait_queue::remove(static_cast<queued_waiter&>(w));
    this_scheduler().abandon(*w.block);
}

const wait_kind orphan_kind{"what was destroyed", nullptr};

void refuse_orphan(const wait_kind& was) {
    throw usage_error(std::string(was.what) +
                      ": it was destroyed while this coroutine waited for it: let it outlive who "
                      "waits, or cancel and join them first");
}

}  // namespace weft::detail
