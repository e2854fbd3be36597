#pragma once

#include "weft/base/export.hpp"
#include "weft/pipeline/parallel_processes.hpp"
#include "weft/pipeline/parallel_threads.hpp"
#include "weft/pipeline/stage.hpp"

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

/// A stage that several threads, or processes, work at.
namespace weft {
namespace detail {

/// `Workers` has `full()`, `empty()`, `ready()`, `put(item)` and `take()`, which waits for the
/// oldest result.
template <class Workers, class View, class... How>
generator<typename Workers::result_type> pull_parallel(View view, How... how) {
    Workers workers(std::move(how)...);
    for (auto&& item : view) {
        while (workers.full() || workers.ready()) {
            typename Workers::result_type result = workers.take();
            co_yield std::move(result);
        }
        workers.put(std::forward<decltype(item)>(item));
    }
    while (!workers.empty()) {
        typename Workers::result_type result = workers.take();
        co_yield std::move(result);
    }
}

template <class In, class Workers, class Out, class... How>
consumer<In> push_parallel(consumer<Out> target, How... how) {
    Workers workers(std::move(how)...);
    try {
        for (;;) {
            In item = co_await receive;
            while (workers.full() || workers.ready())
                if (!target.send(workers.take())) co_return;
            workers.put(std::forward<In>(item));
        }
    } catch (const generator_exit&) {
        while (!workers.empty())
            if (!target.send(workers.take())) break;
        target.close();
    }
}

template <class In, class Function>
using parallel_result =
    std::remove_cvref_t<std::invoke_result_t<Function&, std::add_rvalue_reference_t<carried<In>>>>;

}  // namespace detail

/// What `parallel_map` returns.
template <class In, class Function, bool Processes>
class parallel_map_stage : public stage_base {
    template <class Item>
    using workers = std::conditional_t<Processes, detail::process_workers<Item, Function>,
                                       detail::thread_workers<Item, Function>>;

public:
    parallel_map_stage(std::size_t n, std::size_t window, Function function)
        : n_(n), window_(window), function_(std::move(function)) {}

    /// How many items may be under way for each worker; 4 if not set.
    [[nodiscard]] parallel_map_stage window(std::size_t items) && {
        window_ = items;
        return std::move(*this);
    }
    /// The same in processes: `function` runs in children, one for each worker, and items and
    /// results cross as `wire<T>` writes them. An error there is thrown as `forked_error`, the
    /// death of a child too. A large item waits for the results of its worker first.
    [[nodiscard]] auto in_processes() && {
        return parallel_map_stage<In, Function, true>(n_, window_, std::move(function_));
    }

    template <class View>
    [[nodiscard]] auto pull(View view) && {
        using item = detail::carried<std::ranges::range_reference_t<View>>;
        return detail::pull_parallel<workers<item>>(std::move(view), n_, window_,
                                                    std::move(function_));
    }
    template <class T>
    [[nodiscard]] auto push(consumer<T> target) && {
        using item = detail::item_of<In, Function>;
        static_assert(!std::is_void_v<item>,
                      "parallel_map(n, f) | consumer: f has several signatures; say what will be "
                      "sent: parallel_map<T>(n, f)");
        return detail::push_parallel<item, workers<detail::carried<item>>>(
            std::move(target), n_, window_, std::move(function_));
    }

private:
    std::size_t n_;
    std::size_t window_;
    Function function_;
};

/// Hands on `function(item)` for each item, in the order of the items, computed by `n` threads.
///
/// ```cpp
/// std::vector<std::string> read_all(std::vector<std::string> paths,
///                                   std::string (*contents)(std::string)) {
///     std::vector<std::string> texts;
///     for (std::string text : paths | weft::parallel_map(4, contents))
///         texts.push_back(std::move(text));
///     return texts;
/// }
/// ```
///
/// - Each thread has a copy of `function`, so that it may keep something. It is called with the
///   item as an rvalue; a `string_view` has become a `std::string`.
/// - At most `4 * n` items are under way (`window`). The sender, or who pulls, waits for the oldest
///   one then: a fiber is suspended, else the thread blocks.
/// - What has been computed is handed on when the next item comes, or the end: a source that
///   pauses holds back what is under way. The next stage runs where this one is driven.
/// - An error of `function` is thrown in the place of its result, and ends the stage.
///
/// It costs about a microsecond an item: for smaller work, let an item be a batch. Throws
/// `std::system_error` from the first item when there is no thread, `usage_error` when `n` is 0.
template <class In = void, class Function>
[[nodiscard]] auto parallel_map(std::size_t n, Function function) {
    constexpr std::size_t window = 4;
    return parallel_map_stage<In, Function, false>(n, window, std::move(function));
}

}  // namespace weft
