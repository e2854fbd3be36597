#include "weft/core/await.hpp"

#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"

#include <string>

namespace weft::detail {

void refuse_to_await(const char* attempt) {
    const scheduler& home = scheduler_for(attempt);
    if (home.current() == nullptr)
        throw usage_error(
            std::string(attempt) +
            ": called by the loop itself, in a callback: spawn() a fiber for what has "
            "to wait");
    throw usage_error(std::string(attempt) +
                      ": called in a task, which waits with co_await: a fiber is what spawn() or "
                      "run() make of a callable that returns no awaitable");
}

void run_nested(fiber_record& self, task_frame& child) {
    scheduler& home = this_scheduler();
    control_block& b = *self.block;
    child.awaiter = &self.link;
    b.leaf = child.handle();
    home.push_next(b);
    home.suspend_fiber(self);
    if (b.has(block_flag::child_failed)) [[unlikely]]
        rethrow_child(b);
}

unwinding_shield::unwinding_shield(control_block& b)
    : node_(this_scheduler(), b, cancel_node::shielding::shielded) {
    node_.set_deadline(saturating_add(clock::now(), this_scheduler().how().grace()),
                       place_of(std::source_location::current()));
}

}  // namespace weft::detail
