#include "weft/core/cancel_all.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/place.hpp"

#include <utility>

namespace weft::detail {

cancel_all_awaiter::cancel_all_awaiter(std::vector<any_handle> handles, bool blocks,
                                       clock::duration timeout, std::source_location at)
    : awaiter(std::move(handles), static_cast<std::size_t>(-1), false, timeout),
      blocks_(blocks),
      at_(at) {}

bool cancel_all_awaiter::try_now() {
    for (const any_handle& h : handles_)
        if (blocks_ && &h.block() == this_scheduler().current()) refuse_to_join_self();
    for (const any_handle& h : handles_) h.cancel(at_);
    if (!blocks_) return true;
    return handles_awaiter_base::try_now();
}

void cancel_all_awaiter::finish() {
    settle();
    if (blocks_ && finished_.size() < handles_.size())
        throw timed_out(cancel_origin(cancel_reason::deadline, place_of(at_), 0));
}

}  // namespace weft::detail
