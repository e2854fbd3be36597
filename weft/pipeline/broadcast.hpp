#pragma once

#include "weft/core/consumer.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

/// Fan-out: one consumer in front of several.
namespace weft {
namespace detail {

template <class T>
bool send_a_copy(consumer<T>& target, std::remove_reference_t<T>& item) {
    if constexpr (requires { target.send(item); })
        return target.send(item);
    else
        throw usage_error(
            "broadcast(): the items cannot be copied: give it one target, or consumers of "
            "const T&");
}

}  // namespace detail

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
            // The last one may have the item itself, the others get copies.
            consumer<T> last = std::move(targets.back());
            targets.pop_back();
            std::erase_if(targets,
                          [&](consumer<T>& target) { return !detail::send_a_copy(target, item); });
            if (last.send(std::forward<T>(item))) targets.push_back(std::move(last));
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
