#pragma once

#include "weft/core/consumer.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

namespace weft {

/// Sends each item to all targets, in their order. A target that has ended is dropped; when all
/// have, it ends too. `close()` closes them all, whatever one of them throws; the first error is
/// thrown.
///
/// ```cpp
/// void fan_out_and_in(std::vector<std::string>& found) {
///     weft::consumer<std::string_view> printer = weft::append_to(found);
///     auto to_all = weft::broadcast(weft::grep("python") | printer.share(),
///                                   weft::grep("ply") | printer.share());
///     to_all.send("a line with both is printed twice: python, ply");
/// }
/// ```
///
/// Fan-in is `consumer::share()`. Items are copied for each target but the last; `consumer<const
/// T&>` copies nothing.
template <class T>
[[nodiscard]] consumer<T> broadcast(std::vector<consumer<T>> targets) {
    std::exception_ptr error;
    try {
        while (!targets.empty()) {
            T item = co_await receive;
            std::size_t open = 0;
            for (std::size_t i = 0; i < targets.size(); ++i) {
                // The last one may have the item itself, and the loop ends with it. A move-only
                // item has one target.
                bool lives = false;
                if (i + 1 == targets.size())
                    lives = targets[i].send(std::forward<T>(item));
                else if constexpr (requires(consumer<T>& target, T& copied) {
                                       target.send(copied);
                                   })
                    lives = targets[i].send(item);  // NOLINT(bugprone-use-after-move)
                else
                    throw usage_error(
                        "broadcast(): the items cannot be copied: give it one target, "
                        "or consumers of const T&");
                if (!lives) continue;
                if (open != i) targets[open] = std::move(targets[i]);
                ++open;
            }
            targets.erase(targets.begin() + static_cast<std::ptrdiff_t>(open), targets.end());
        }
    } catch (const generator_exit&) {
        for (consumer<T>& target : targets) {
            try {
                target.close();
            } catch (...) {
                if (!error) error = std::current_exception();
            }
        }
    }
    if (error) std::rethrow_exception(error);
}

template <class T, std::same_as<consumer<T>>... Rest>
[[nodiscard]] consumer<T> broadcast(consumer<T> first, Rest... rest) {
    std::vector<consumer<T>> targets;
    targets.reserve(1 + sizeof...(rest));
    targets.push_back(std::move(first));
    (targets.push_back(std::move(rest)), ...);
    return broadcast(std::move(targets));
}

}  // namespace weft
