#pragma once

#include "weft/core/spawn.hpp"
#include "weft/core/when_all_given.hpp"

#include <cstddef>
#include <functional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Waiting for several things at once: `when_all`.
namespace weft {
namespace detail {

/// A result as an element of a tuple or a vector.
template <class T>
using in_tuple = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
template <class T>
using in_vector =
    std::conditional_t<std::is_reference_v<T>, std::reference_wrapper<std::remove_reference_t<T>>,
                       std::remove_cv_t<T>>;

template <class T>
[[nodiscard]] in_tuple<T> take_for_tuple(auto& one) {
    if constexpr (std::is_void_v<T>) {
        one.take();
        return {};
    } else {
        return one.take();
    }
}

/// The results of all, in order: what `when_all` gives.
class all_results {
public:
    static constexpr auto goal = branch_set::goal::all;

    template <class... Given>
    static auto of(branch_tuple<Given...>& all) {
        if constexpr ((std::is_void_v<given_result<Given>> && ...)) {
            all.apply([](auto&... one) { (one.take(), ...); });
        } else {
            return all.apply([](auto&... one) {
                // In braces, so that they are taken in this order.
                return std::tuple<in_tuple<given_result<Given>>...>{
                    take_for_tuple<given_result<Given>>(one)...};
            });
        }
    }
    template <class Given>
    static auto of(branch_array<Given>& all) {
        using value = given_result<Given>;
        if constexpr (std::is_void_v<value>) {
            for (auto& one : all) one.take();
        } else {
            std::vector<in_vector<value>> results;
            results.reserve(all.size());
            for (auto& one : all) results.push_back(one.take());
            return results;
        }
    }
    template <class Branches>
    static auto finish(const branch_set& set, Branches& all) {
        set.throw_failure();
        if (!all.all_returned()) set.throw_cancelled();
        return of(all);
    }
};

}  // namespace detail

/// Waits for everything it is given, all at once, and gives the results in order: tasks, handles,
/// anything to await; a tuple, with `std::monostate` for what gives nothing, or nothing when none
/// gives anything.
///
/// ```cpp
/// weft::task<int> width();
/// weft::task<std::string> title();
/// inline weft::task<std::size_t> draw() {
///     auto [w, text] = co_await weft::when_all(width(), title());  // a fiber: await(when_all(…))
///     co_return static_cast<std::size_t>(w) + text.size();
/// }
/// ```
///
/// 1. The first that fails decides: the others are cancelled, and its error is thrown when all have
///    ended. What fails after it is reported as what nobody joined (R13).
/// 2. Cancelling who awaits cancels all, and waits for them. Results that are all there
///    nevertheless are given.
/// 3. Tasks run in a scope of the call. A handle stands for its coroutine, which is cancelled as
///    well, and fails by `child_cancelled` when somebody else has cancelled it.
/// 4. They begin in order, the first at once, before anybody else who is ready, if no oracle
///    chooses. A task that never suspends costs little more than a call.
template <class... Awaitables>
    requires(sizeof...(Awaitables) > 0 && (awaitable<Awaitables> && ...))
[[nodiscard]] auto when_all(Awaitables&&... awaitables) {
    return detail::together_call<detail::all_results,
                                 detail::given_tuple<detail::given_for<Awaitables>...>>(
        detail::given_tuple<detail::given_for<Awaitables>...>(
            std::in_place, std::forward<Awaitables>(awaitables)...));
}

/// The same of a range of tasks or of handles: a vector of the results, or nothing. Tasks are moved
/// out of it: `when_all(std::move(tasks))`, or a view that makes them.
///
/// ```cpp
/// weft::task<int> size_of(std::string page);
/// inline weft::task<std::vector<int>> sizes(std::vector<std::string> pages) {
///     std::vector<weft::task<int>> all;
///     for (auto& page : pages) all.push_back(size_of(page));
///     co_return co_await weft::when_all(std::move(all));
/// }
/// ```
template <detail::range_of_branches Range>
[[nodiscard]] auto when_all(Range&& range) {
    using given = std::ranges::range_value_t<Range>;
    return detail::together_call<detail::all_results, detail::given_vector<given>>(
        detail::given_vector<given>(std::in_place, std::forward<Range>(range)));
}

}  // namespace weft
