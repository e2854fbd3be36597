#pragma once

#include "weft/base/export.hpp"
#include "weft/core/group_map.hpp"
#include "weft/core/pool_members.hpp"
#include "weft/core/spawn.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>

/// Coroutines that are spawned one by one and joined together: `group`.
namespace weft {

/// Keeps count of the coroutines that are spawned into it, until each has ended.
///
/// ```cpp
/// weft::task<int> measure(std::string host);
/// inline weft::task<> measure_all(std::vector<std::string> hosts) {
///     weft::group all;
///     for (const std::string& host : hosts) all.spawn(measure, host);
///     co_await all.join();
///     const std::vector<int> again = co_await all.map(measure, hosts);  // as they stand in hosts
///     auto results = all.imap_unordered(measure, hosts);                // as they come
///     while (auto one = co_await results.next()) std::printf("%d\n", *one);
/// }
/// ```
///
/// 1. A member is spawned as by `weft::spawn`: cancelling who spawned it does not cancel it, and
///    an error that nobody joins is reported (R13). For children that must not outlive a function,
///    take `with_scope`.
/// 2. Destroying a group leaves its members running; destroying it under somebody who waits in
///    `join` is fatal, with a text. One loop.
/// 3. All that waits is awaited, by `co_await` or `await`.
class group {
public:
    /// Items that `imap` has on their way at the most, unless told otherwise.
    static constexpr std::size_t default_window = 256;

    group() noexcept : members_(detail::pool_members::unlimited) {}

    /// Begins a member; the handle may be dropped.
    template <class T>
    join_handle<T> spawn(task<T>&& t, std::source_location at = std::source_location::current()) {
        return adopt(detail::member_task<T>(at, std::move(t)));
    }
    template <class F>
        requires std::invocable<std::decay_t<F>&&>
    auto spawn(F&& fn, std::source_location at = std::source_location::current()) {
        return adopt(detail::member_call<std::decay_t<F>>(at, std::forward<F>(fn)));
    }
    template <class F, class A, class... More>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                                std::unwrap_ref_decay_t<More>&&...>
    auto spawn(F&& fn, A&& a, More&&... more) {
        return adopt(detail::member_call<std::decay_t<F>, std::decay_t<A>, std::decay_t<More>...>(
            std::source_location(), std::forward<F>(fn), std::forward<A>(a),
            std::forward<More>(more)...));
    }

    /// Members that live.
    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// Awaited, waits until there are none. With `raise_error` it then throws the first error of
    /// one that ended meanwhile. By a member it is a `usage_error`.
    [[nodiscard]] auto join(bool raise_error = false) noexcept {
        return detail::pool_members::join_awaiter(members_, raise_error);
    }
    /// Awaited, cancels all and waits until there are none. A member that calls it is cancelled
    /// itself.
    [[nodiscard]] auto cancel(std::source_location at = std::source_location::current()) noexcept {
        return detail::pool_members::join_awaiter(members_, at);
    }

    /// Awaited, spawns a member and gives its result. Who awaits and is cancelled cancels it.
    template <class F, class... Args>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<Args>&&...>
    [[nodiscard]] auto apply(F&& fn, Args&&... args) {
        using begin = detail::member_call<std::decay_t<F>, std::decay_t<Args>...>;
        return detail::apply_call<begin>(
            members_,
            begin(std::source_location(), std::forward<F>(fn), std::forward<Args>(args)...));
    }
    /// Awaited, gives `fn(item)` of all items, at once, in the order of the input (nothing, when
    /// `fn` gives nothing). The first that fails cancels the others; its error is thrown when they
    /// have ended. The range is read by the call; items and `fn` are copied or moved.
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto map(F&& fn, Range&& range) {
        return detail::make_map(members_, std::forward<F>(fn), std::forward<Range>(range));
    }
    /// Gives the results one by one in the order of the input, at most `window` items ahead.
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto imap(F&& fn, Range&& range, std::size_t window = default_window) {
        return detail::make_imap(members_, detail::group_items::order::input, window,
                                 std::forward<F>(fn), std::forward<Range>(range));
    }
    /// The same in the order in which they come.
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto imap_unordered(F&& fn, Range&& range, std::size_t window = default_window) {
        return detail::make_imap(members_, detail::group_items::order::completion, window,
                                 std::forward<F>(fn), std::forward<Range>(range));
    }

private:
    template <class Begin>
    auto adopt(Begin begin) {
        static_cast<void>(members_.try_promise());  // always: it is unlimited
        return detail::pool_members::place(members_, true).fill(begin);
    }

    detail::pool_members members_;
};

}  // namespace weft
