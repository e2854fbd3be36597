#pragma once

#include "weft/base/error.hpp"
#include "weft/core/consumer.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Fan-out by key: one consumer in front of several, each item to one of them.
namespace weft {
namespace detail {

/// Spreads the bits: `std::hash` of a number is the number.
[[nodiscard]] constexpr std::size_t target_of(std::size_t hash, std::size_t count) noexcept {
    const std::uint64_t mixed = (hash ^ (hash >> 32)) * 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::size_t>((mixed >> 32) * count >> 32);
}

template <class T>
void close_all(std::vector<consumer<T>>& targets, std::exception_ptr& first) {
    for (consumer<T>& target : targets) {
        try {
            target.close();
        } catch (...) {
            if (!first) first = std::current_exception();
        }
    }
}

}  // namespace detail

/// Sends each item to the one of the targets that its key stands for: all items with one key go to
/// one target, in order. `key_of(item)` gives what `std::hash` takes.
///
/// ```cpp
/// struct hit {
///     std::string host;
///     long bytes = 0;
/// };
/// void by_host(std::vector<hit> hits, std::function<weft::consumer<hit>()> statistics) {
///     hits | weft::fan_out(4, &hit::host, [&] { return weft::threaded(statistics()); });
/// }
/// ```
///
/// `fan_out(n, key_of, make)` has `n` targets, made by `make(i)` or `make()`: `threaded` ones for
/// threads, `forked` ones for processes, or any other. Between keys there is no order, unless the
/// targets run here.
///
/// It ends when a target ends, since the items of its keys have nowhere to go, and then closes the
/// others; its own `close()` closes all, whatever one of them throws; the first error is thrown.
/// `throw_` reaches all of them.
template <class T, class KeyOf>
[[nodiscard]] consumer<T> fan_out(std::vector<consumer<T>> targets, KeyOf key_of) {
    using key = std::remove_cvref_t<
        std::invoke_result_t<KeyOf&, std::add_lvalue_reference_t<std::remove_reference_t<T>>>>;
    if (targets.empty()) throw usage_error("fan_out(): without a target: give it at least one");
    std::exception_ptr error;
    bool is_sending = false;
    for (;;) {
        std::exception_ptr raised;
        try {
            for (;;) {
                T item = co_await receive;
                is_sending = true;
                const std::size_t hash = std::hash<key>()(std::invoke(key_of, item));
                consumer<T>& target = targets[detail::target_of(hash, targets.size())];
                if (!target.send(std::forward<T>(item))) break;
                is_sending = false;
            }
        } catch (const generator_exit&) {
            if (is_sending) error = std::current_exception();
        } catch (...) {
            (is_sending ? error : raised) = std::current_exception();
        }
        if (raised == nullptr) break;
        bool goes_on = true;
        for (consumer<T>& target : targets) {
            try {
                goes_on = target.throw_(raised) && goes_on;
            } catch (...) {
                if (!error) error = std::current_exception();
            }
        }
        if (error || !goes_on) break;
    }
    detail::close_all(targets, error);
    if (error) std::rethrow_exception(error);
}

template <class KeyOf, class Make>
    requires(!std::invocable<Make, std::size_t> && std::invocable<Make>)
[[nodiscard]] auto fan_out(std::size_t n, KeyOf key_of, Make make) {
    std::vector<std::invoke_result_t<Make>> targets;
    targets.reserve(n);
    for (std::size_t i = 0; i < n; ++i) targets.push_back(make());
    return fan_out(std::move(targets), std::move(key_of));
}
template <class KeyOf, class Make>
    requires std::invocable<Make, std::size_t>
[[nodiscard]] auto fan_out(std::size_t n, KeyOf key_of, Make make) {
    std::vector<std::invoke_result_t<Make, std::size_t>> targets;
    targets.reserve(n);
    for (std::size_t i = 0; i < n; ++i) targets.push_back(make(i));
    return fan_out(std::move(targets), std::move(key_of));
}

}  // namespace weft
