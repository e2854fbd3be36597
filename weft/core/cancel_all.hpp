#pragma once

#include "weft/core/wait_handles.hpp"

#include <cstddef>
#include <source_location>
#include <utility>
#include <vector>

/// Cancelling several coroutines: `cancel_all`.
namespace weft {
namespace detail {

class WEFT_EXPORT cancel_all_awaiter : public awaiter<cancel_all_awaiter, handles_awaiter_base> {
public:
    cancel_all_awaiter(std::vector<any_handle> handles, bool blocks, clock::duration timeout,
                       std::source_location at);
    [[nodiscard]] bool try_now();
    void finish();

private:
    bool blocks_;
    std::source_location at_;
};

}  // namespace detail

/// Awaited, cancels all of them and waits for their ends (gevent's `killall`); what they return or
/// throw stays in their handles. Throws `timed_out` when some live on after `timeout`. With `block`
/// false it waits for nothing.
///
/// ```cpp
/// inline weft::task<> stop(std::vector<weft::join_handle<void>> workers) {
///     co_await weft::cancel_all(workers, true, std::chrono::seconds(5));
/// }
/// ```
template <detail::range_of_handles Range>
[[nodiscard]] auto cancel_all(Range&& handles, bool block = true,
                              clock::duration timeout = no_timeout,
                              std::source_location at = std::source_location::current()) {
    return detail::cancel_all_awaiter(detail::any_handles(handles), block, timeout, at);
}

}  // namespace weft
