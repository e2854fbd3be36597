#pragma once

#include "weft/base/export.hpp"
#include "weft/base/result.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/when_all_given.hpp"

#include <cstddef>
#include <ranges>
#include <tuple>
#include <utility>
#include <vector>

/// Waiting for the first of several things: `when_any`.
namespace weft {

/// What became of each, and which was first. `Results` is a tuple or a vector of `result`.
template <class Results>
class [[nodiscard]] any_outcome {
public:
    any_outcome(std::size_t index, Results results) : index_(index), results_(std::move(results)) {}

    /// The first that ended, counted from 0.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// Of all, in order. A loser that was cancelled has `child_cancelled` for an error.
    [[nodiscard]] Results& results() & noexcept { return results_; }
    [[nodiscard]] const Results& results() const& noexcept { return results_; }
    [[nodiscard]] Results&& results() && noexcept { return std::move(results_); }

    /// Of one of a tuple.
    template <std::size_t I>
    [[nodiscard]] auto& get() noexcept {
        return std::get<I>(results_);
    }
    /// Of the first, in a vector.
    [[nodiscard]] auto& winner() noexcept
        requires requires(Results& r) { r[0]; }
    {
        return results_[index_];
    }

private:
    std::size_t index_;
    Results results_;
};

namespace detail {

[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_any_of_nothing();

template <class T>
[[nodiscard]] result<T> result_of_branch(auto& one) {
    if (!one.returned()) return result<T>(one.error());
    try {
        if constexpr (std::is_void_v<T>) {
            one.take();
            return {};
        } else {
            return result<T>(one.take());
        }
    } catch (...) {
        return result<T>(std::current_exception());
    }
}

class any_results {
public:
    static constexpr auto goal = branch_set::goal::any;

    template <class... Given>
    static auto of(branch_tuple<Given...>& all) {
        return all.apply([](auto&... one) {
            return std::tuple<result<given_result<Given>>...>{
                result_of_branch<given_result<Given>>(one)...};
        });
    }
    template <class Given>
    static auto of(branch_array<Given>& all) {
        std::vector<result<given_result<Given>>> results;
        results.reserve(all.size());
        for (auto& one : all) results.push_back(result_of_branch<given_result<Given>>(one));
        return results;
    }
    template <class Branches>
    static auto finish(const branch_set& set, Branches& all) {
        if (set.first() == nullptr) {
            set.throw_failure();
            set.throw_cancelled();
        }
        return any_outcome<decltype(of(all))>(all.index_of(*set.first()), of(all));
    }
};

}  // namespace detail

/// Waits for the first of what it is given to end, with a result or an error; cancels the others
/// and waits for them too. Gives which was first, and a `result` for each, so that nothing is lost
/// of one that ended all the same.
///
/// ```cpp
/// weft::task<std::string> ask(std::string server);
/// inline weft::task<std::string> quickest() {
///     auto first = co_await weft::when_any(ask("a"), ask("b"));
///     co_return first.index() == 0 ? first.get<0>().value() : first.get<1>().value();
/// }
/// ```
///
/// What has not begun when the first ends never does. Cancelling who awaits cancels all, waits for
/// them, and is raised, unless one had ended before. Otherwise as `when_all`.
template <class... Awaitables>
    requires(sizeof...(Awaitables) > 0 && (awaitable<Awaitables> && ...))
[[nodiscard]] auto when_any(Awaitables&&... awaitables) {
    return detail::together_call<detail::any_results,
                                 detail::given_tuple<detail::given_for<Awaitables>...>>(
        detail::given_tuple<detail::given_for<Awaitables>...>(
            std::in_place, std::forward<Awaitables>(awaitables)...));
}

/// The same of a range of tasks or of handles, with a vector of results. An empty range has no
/// first: `usage_error`.
template <detail::range_of_branches Range>
[[nodiscard]] auto when_any(Range&& range) {
    using given = std::ranges::range_value_t<Range>;
    detail::given_vector<given> all(std::in_place, std::forward<Range>(range));
    if (all.all.empty()) detail::refuse_any_of_nothing();
    return detail::together_call<detail::any_results, detail::given_vector<given>>(std::move(all));
}

}  // namespace weft
