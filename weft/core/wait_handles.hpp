#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/timer_wheel.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

/// Waiting for some of several coroutines, without cancelling any: `wait`.
namespace weft {

/// What `wait` waits for.
enum class return_when {
    first_completed,  ///< one has ended
    first_error,      ///< one has failed (being cancelled is not failing), or all have ended
    all_completed,    ///< all have ended
};

/// Without a time limit.
inline constexpr clock::duration no_timeout = clock::duration::max();

namespace detail {

WEFT_EXPORT extern const wait_kind handles_kind;

template <class T>
inline constexpr bool is_join_handle = false;
template <class T>
inline constexpr bool is_join_handle<join_handle<T>> = true;
template <class Range>
concept range_of_handles =
    std::ranges::input_range<Range> && is_join_handle<std::ranges::range_value_t<Range>>;
/// What the coroutines give.
template <class Range>
using handled_result = typename std::ranges::range_value_t<Range>::value_type;

template <range_of_handles Range>
[[nodiscard]] std::vector<any_handle> any_handles(Range&& range) {
    std::vector<any_handle> handles;
    if constexpr (std::ranges::sized_range<Range>) handles.reserve(std::ranges::size(range));
    for (const auto& one : range) handles.push_back(one);
    return handles;
}

/// Waits until some of them have ended, one has failed, or a time is over. Their order of ending
/// is kept.
class WEFT_EXPORT handles_awaiter_base : public timer {
public:
    handles_awaiter_base(std::vector<any_handle> handles, std::size_t count, bool until_error,
                         clock::duration timeout);
    ~handles_awaiter_base();

    [[nodiscard]] bool try_now();
    void start() noexcept;

protected:
    struct watcher : join_waiter {
        watcher() noexcept : join_waiter(join_kind) { ended = &note_end; }
        static void note_end(join_waiter& w) noexcept;
        handles_awaiter_base* owner = nullptr;
        std::size_t index = 0;
    };
    friend struct handles_kind_access;

    [[nodiscard]] bool over() const noexcept {
        return finished_.size() >= count_ || (until_error_ && failed_ != nullptr);
    }
    void unlink() noexcept;
    /// When it is over: nobody is linked to any more.
    void settle() noexcept { unlink(); }

    std::vector<any_handle> handles_;
    std::vector<std::size_t> finished_;  // by index, in the order of ending
    control_block* failed_ = nullptr;    // the first
    bool timed_out_ = false;

private:
    void note(std::size_t index) noexcept;

    std::size_t count_;
    bool until_error_;
    clock::duration timeout_;
    bool linked_ = false;
    std::unique_ptr<watcher[]> watchers_;
};

}  // namespace detail

/// What `wait` has found.
template <class T>
class wait_result {
public:
    /// Those that have ended, in that order; first those that had before, as they were given.
    [[nodiscard]] std::vector<join_handle<T>>& done() noexcept { return done_; }
    [[nodiscard]] const std::vector<join_handle<T>>& done() const noexcept { return done_; }
    /// Those that have not, in the order in which they were given.
    [[nodiscard]] std::vector<join_handle<T>>& pending() noexcept { return pending_; }
    [[nodiscard]] const std::vector<join_handle<T>>& pending() const noexcept { return pending_; }

private:
    std::vector<join_handle<T>> done_;
    std::vector<join_handle<T>> pending_;
};

namespace detail {

template <class T>
[[nodiscard]] join_handle<T> typed(const any_handle& h) {
    return join_handle<T>(h.block());
}

template <class T>
class wait_awaiter : public awaiter<wait_awaiter<T>, handles_awaiter_base> {
public:
    using awaiter<wait_awaiter<T>, handles_awaiter_base>::awaiter;
    wait_result<T> finish() {
        this->settle();
        std::vector<bool> ended(this->handles_.size());
        wait_result<T> found;
        for (const std::size_t i : this->finished_) {
            ended[i] = true;
            found.done().push_back(typed<T>(this->handles_[i]));
        }
        for (std::size_t i = 0; i < ended.size(); ++i)
            if (!ended[i]) found.pending().push_back(typed<T>(this->handles_[i]));
        return found;
    }
};

}  // namespace detail

/// Awaited, waits for coroutines, and cancels none: neither when the time is over nor when who
/// awaits is cancelled (`asyncio.wait`). Gives those that have ended and those that have not.
///
/// ```cpp
/// inline weft::task<int> first_of(std::vector<weft::join_handle<int>> racers) {
///     auto found = co_await weft::wait(racers, weft::return_when::first_completed,
///                                      std::chrono::seconds(1));
///     if (found.done().empty()) co_return -1;  // the second was over
///     co_return co_await found.done().front();
/// }
/// ```
///
/// With a `timeout` of zero it only looks. An empty range is done at once. Waiting for oneself is
/// a `usage_error`.
template <detail::range_of_handles Range>
[[nodiscard]] auto wait(Range&& handles, return_when until = return_when::all_completed,
                        clock::duration timeout = no_timeout) {
    std::vector<detail::any_handle> all = detail::any_handles(handles);
    const std::size_t count =
        until == return_when::first_completed && !all.empty() ? 1 : all.size();
    return detail::wait_awaiter<detail::handled_result<Range>>(
        std::move(all), count, until == return_when::first_error, timeout);
}

}  // namespace weft
