#include "weft/core/cancel_scope.hpp"

#include "weft/core/describe.hpp"

#include <cerrno>
#include <system_error>

namespace weft {

timed_out::timed_out(const cancel_origin& origin)
    : std::system_error(ETIMEDOUT, std::generic_category(),
                        "the deadline set at " + detail::describe_place(origin.where()) +
                            " was over"),
      origin_(origin) {}
timed_out::~timed_out() = default;

cancel_scope::cancel_scope(detail::cancel_node::shielding shield, clock::time_point deadline)
    : node_(detail::scheduler_for("with_cancel()"), *detail::this_scheduler().current(), shield) {
    if (deadline != clock::never) node_.set_deadline(deadline, detail::place_of_call());
}

void cancel_scope::cancel(std::source_location at) noexcept {
    node_.cancel(detail::origin_here(cancel_reason::request, at));
}

namespace detail {

bool absorbs(const cancel_node& node, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const cancelled& c) {
        return node.absorbs(c);
    } catch (...) {
        return false;
    }
}

cancel_origin origin_here(cancel_reason why, std::source_location at) noexcept {
    const scheduler* const home = the_scheduler;
    const control_block* const by = home != nullptr ? home->current() : nullptr;
    return {why, place_of(at), by != nullptr ? by->id() : 0};
}

place place_of_call() noexcept {
    const control_block* const b = this_scheduler().current();
    const await_link& innermost = await_link::of(b->leaf);
    return innermost.awaiter != nullptr ? innermost.awaiter->at : innermost.at;
}

}  // namespace detail
}  // namespace weft
