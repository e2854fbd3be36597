#pragma once

#include "weft/core/wait_handles.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

/// Waiting for the end of several coroutines: `join_all`.
namespace weft {
namespace detail {

template <class T>
class join_all_awaiter : public awaiter<join_all_awaiter<T>, handles_awaiter_base> {
    using base = awaiter<join_all_awaiter<T>, handles_awaiter_base>;

public:
    join_all_awaiter(std::vector<any_handle> handles, std::size_t count, bool raise,
                     clock::duration timeout)
        : base(std::move(handles), count, raise, timeout), raise_(raise) {}
    std::vector<join_handle<T>> finish() {
        this->settle();
        if (raise_ && this->failed_ != nullptr) rethrow_ended(*this->failed_);
        std::vector<join_handle<T>> finished;
        finished.reserve(this->finished_.size());
        for (const std::size_t i : this->finished_) finished.push_back(typed<T>(this->handles_[i]));
        return finished;
    }

private:
    bool raise_;
};

}  // namespace detail

/// Awaited, waits until all have ended, or `count` of them, or for `timeout` at the most, and gives
/// those that have ended, in that order (gevent's `joinall`). With `raise_error`, it throws what
/// the first of them fails by as soon as it fails; one that was cancelled has not failed.
///
/// ```cpp
/// inline weft::task<std::size_t> two_within_a_second(std::vector<weft::join_handle<void>> all) {
///     const auto finished = co_await weft::join_all(all, std::chrono::seconds(1), true, 2);
///     co_return finished.size();
/// }
/// ```
///
/// None is cancelled. Those that had ended before the call come first, as they stand in the range,
/// and all of them, be they more than `count`.
template <detail::range_of_handles Range>
[[nodiscard]] auto join_all(Range&& handles, clock::duration timeout = no_timeout,
                            bool raise_error = false,
                            std::size_t count = std::numeric_limits<std::size_t>::max()) {
    return detail::join_all_awaiter<detail::handled_result<Range>>(detail::any_handles(handles),
                                                                   count, raise_error, timeout);
}

}  // namespace weft
