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

/// A group with a limit: `pool`.
namespace weft {
namespace detail {

[[nodiscard]] WEFT_EXPORT std::size_t checked_pool_size(std::size_t n);

}  // namespace detail

/// A group of which at most `n` members run at once.
///
/// ```cpp
/// weft::task<std::string> fetch(std::string address);
/// inline weft::task<> crawl(std::vector<std::string> addresses) {
///     weft::pool workers(20);
///     auto pages = workers.imap(fetch, addresses);
///     while (auto page = co_await pages.next()) std::printf("%zu bytes\n", page->size());
///
///     auto last = co_await workers.spawn(fetch, addresses.back());  // waits for a place
///     co_await last.join();
/// }
/// ```
///
/// 1. `spawn` is awaited: it waits while the pool is full, first come, first served, and gives the
///    handle of what it has begun. Who is cancelled meanwhile has begun nothing.
/// 2. A member that spawns into its own full pool would wait for itself. It runs what it spawns in
///    its own place instead: its `spawn` begins that and waits for its end, then gives the handle
///    (eventlet's rule). So a crawler may spawn what it finds. Cancelling the member cancels it.
/// 3. Otherwise as `group`.
class pool {
public:
    /// `usage_error` for 0.
    explicit pool(std::size_t n) : members_(detail::checked_pool_size(n)) {}

    /// Awaited, begins a member when there is a place; gives its `join_handle`, which may be
    /// dropped.
    template <class T>
    [[nodiscard]] auto spawn(task<T>&& t,
                             std::source_location at = std::source_location::current()) {
        return detail::member_awaiter<detail::member_task<T>>(members_, at, std::move(t));
    }
    template <class F>
        requires std::invocable<std::decay_t<F>&&>
    [[nodiscard]] auto spawn(F&& fn, std::source_location at = std::source_location::current()) {
        return detail::member_awaiter<detail::member_call<std::decay_t<F>>>(members_, at,
                                                                            std::forward<F>(fn));
    }
    template <class F, class A, class... More>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                                std::unwrap_ref_decay_t<More>&&...>
    [[nodiscard]] auto spawn(F&& fn, A&& a, More&&... more) {
        return detail::member_awaiter<
            detail::member_call<std::decay_t<F>, std::decay_t<A>, std::decay_t<More>...>>(
            members_, std::source_location(), std::forward<F>(fn), std::forward<A>(a),
            std::forward<More>(more)...);
    }

    /// Members that live, those in the places of others too.
    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// How many may be spawned without waiting.
    [[nodiscard]] std::size_t free_count() const noexcept { return members_.free_count(); }
    [[nodiscard]] std::size_t limit() const noexcept { return members_.limit(); }
    /// Coroutines that wait for a place.
    [[nodiscard]] std::size_t waiting() const noexcept { return members_.waiting(); }

    /// As those of `group`. Who waits for a place counts as a member to come, when its turn has.
    [[nodiscard]] auto join(bool raise_error = false) noexcept {
        return detail::pool_members::join_awaiter(members_, raise_error);
    }
    [[nodiscard]] auto cancel(std::source_location at = std::source_location::current()) noexcept {
        return detail::pool_members::join_awaiter(members_, at);
    }
    template <class F, class... Args>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<Args>&&...>
    [[nodiscard]] auto apply(F&& fn, Args&&... args) {
        using begin = detail::member_call<std::decay_t<F>, std::decay_t<Args>...>;
        return detail::apply_call<begin>(
            members_,
            begin(std::source_location(), std::forward<F>(fn), std::forward<Args>(args)...));
    }
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto map(F&& fn, Range&& range) {
        return detail::make_map(members_, std::forward<F>(fn), std::forward<Range>(range));
    }
    /// The window, items on their way or waiting to be taken, is the limit of the pool.
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto imap(F&& fn, Range&& range) {
        return imap(std::forward<F>(fn), std::forward<Range>(range), limit());
    }
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto imap(F&& fn, Range&& range, std::size_t window) {
        return detail::make_imap(members_, detail::group_items::order::input, window,
                                 std::forward<F>(fn), std::forward<Range>(range));
    }
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto imap_unordered(F&& fn, Range&& range) {
        return imap_unordered(std::forward<F>(fn), std::forward<Range>(range), limit());
    }
    template <class F, class Range>
        requires detail::maps_over<F, Range>
    [[nodiscard]] auto imap_unordered(F&& fn, Range&& range, std::size_t window) {
        return detail::make_imap(members_, detail::group_items::order::completion, window,
                                 std::forward<F>(fn), std::forward<Range>(range));
    }

private:
    detail::pool_members members_;
};

}  // namespace weft
