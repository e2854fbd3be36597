#pragma once

#include "weft/pipeline/stage.hpp"

#include <deque>
#include <string>
#include <string_view>

/// From generators to consumers and back. (`feed`, the simplest, is in stage.hpp.)
namespace weft {

/// A generator that receives, as a consumer: started, and sent each item; what it yields is
/// dropped.
///
/// ```cpp
/// weft::generator<void, std::string_view> grep_by_yield(std::string pattern) {
///     for (;;) {
///         std::string_view line = co_yield weft::nothing;
///         if (line.find(pattern) != line.npos) std::cout << line << '\n';
///     }
/// }
///
/// weft::consumer<std::string_view> python() { return weft::primed(grep_by_yield("python")); }
/// ```
///
/// Ends when the generator ends; `close()` closes it and throws what that throws. An error before
/// its first `co_yield` is thrown by the first `send`.
template <class Yield, class T, class Return>
    requires(!std::is_void_v<T>)
[[nodiscard]] consumer<T> primed(generator<Yield, T, Return> body) {
    try {
        bool waits = body.next().has_value();
        while (waits) {
            T item = co_await receive;
            waits = body.send(std::forward<T>(item)).has_value();
        }
    } catch (const generator_exit&) {
        body.close();
    }
}

namespace detail {

/// What is kept of an item that is not used at once: text itself, not a view of it.
template <class T>
using kept_item = std::conditional_t<std::same_as<std::remove_cvref_t<T>, std::string_view>,
                                     std::string, std::remove_cvref_t<T>>;

template <class T>
consumer<T> keep_in(std::deque<kept_item<T>>& items) {
    for (;;) {
        T item = co_await receive;
        items.emplace_back(std::forward<T>(item));
    }
}

template <class>
struct consumer_item {
    using type = void;
};
template <class T>
struct consumer_item<consumer<T>> : std::type_identity<T> {};
template <class Asked, class Function>
using stage_output = typename std::conditional_t<
    std::is_void_v<Asked>,
    consumer_item<std::remove_cvref_t<typename only_parameter<std::decay_t<Function>>::type>>,
    std::type_identity<Asked>>::type;

template <class Out, class View, class MakeStage>
generator<std::remove_cvref_t<Out>> pull_through(View view, MakeStage make_stage) {
    std::deque<kept_item<Out>> results;
    auto body = std::invoke(make_stage, keep_in<Out>(results));
    for (auto&& item : view) {
        const bool open = body.send(std::forward<decltype(item)>(item));
        for (; !results.empty(); results.pop_front()) {
            std::remove_cvref_t<Out> result(std::move(results.front()));
            co_yield std::move(result);
        }
        if (!open) co_return;
    }
    body.close();
    for (; !results.empty(); results.pop_front()) {  // It had something left to say.
        std::remove_cvref_t<Out> result(std::move(results.front()));
        co_yield std::move(result);
    }
}

}  // namespace detail

/// Drives a stage written for pushing as one that is pulled: a generator of what
/// `make_stage(target)` sends to its target. `Out` is that target's item type; if it is not given,
/// it is taken from the parameter that `make_stage` declares.
///
/// ```cpp
/// weft::consumer<int> doubled(weft::consumer<int> target) {
///     for (;;) {
///         int n = co_await weft::receive;
///         target.send(n);
///         target.send(n);
///     }
/// }
///
/// void show() {
///     for (int n : weft::through(std::vector<int>{1, 2}, doubled)) std::cout << n;  // 1122
/// }
/// ```
///
/// Pulls an item of the range when all results of the one before have been given out. Text is
/// copied, since a stage may give out several lines before it returns.
template <class Out = void, std::ranges::input_range Range, class MakeStage>
[[nodiscard]] auto through(Range&& range, MakeStage make_stage) {
    using out = detail::stage_output<Out, MakeStage>;
    static_assert(!std::is_void_v<out>, "through(range, make_stage): make_stage does not declare a "
                                        "parameter consumer<T>; say T: through<T>(range, …)");
    return detail::pull_through<out>(detail::hold(std::forward<Range>(range)),
                                     std::move(make_stage));
}

}  // namespace weft
