#include "weft/core/greenlet.hpp"

#include "weft/base/error.hpp"
#include "weft/core/greenlet_errors.hpp"

#include <memory>

namespace weft {

using detail::greenlet_block;
using detail::greenlet_phase;
using detail::greenlet_thread;

greenlet greenlet::current() {
    greenlet_thread& thread = detail::this_greenlet_thread();
    if (thread.id == 0) thread.begin();
    return greenlet(*thread.current);
}

greenlet greenlet::parent() const {
    if (block_ == nullptr) detail::refuse_moved_from("parent()");
    greenlet_block* const above = block_->parent;
    return above != nullptr ? greenlet(*above) : greenlet();
}

void greenlet::set_parent(const greenlet& parent) {
    if (block_ == nullptr || parent.block_ == nullptr) detail::refuse_moved_from("set_parent()");
    if (block_->thread != detail::this_greenlet_thread().id ||
        parent.block_->thread != block_->thread)
        detail::refuse_foreign("set_parent()");
    if (block_->parent == nullptr)
        throw usage_error("set_parent(): a thread's own greenlet has no parent and cannot get one: "
                          "make a greenlet of what should have one");
    if (parent.block_->phase == greenlet_phase::dead)
        throw usage_error("set_parent(): that parent has ended: name a greenlet that lives, such "
                          "as greenlet::current()");
    for (const greenlet_block* above = parent.block_; above != nullptr; above = above->parent)
        if (above == block_)
            throw usage_error("set_parent(): that parent descends from this greenlet, so nobody "
                              "could get its result: name one that does not");
    parent.block_->retain();
    std::exchange(block_->parent, parent.block_)->release();
}

greenlet_tracer greenlet::set_tracer(greenlet_tracer tracer) {
    greenlet_thread& thread = detail::this_greenlet_thread();
    if (thread.id == 0) thread.begin();
    std::unique_ptr<greenlet_tracer> next;
    if (tracer) next = std::make_unique<greenlet_tracer>(std::move(tracer));
    thread.set_unusual(next ? thread.unusual | greenlet_thread::tracing
                            : thread.unusual & ~greenlet_thread::tracing);
    const std::unique_ptr<greenlet_tracer> before(std::exchange(thread.tracer, next.release()));
    return before ? std::move(*before) : greenlet_tracer();
}

}  // namespace weft
