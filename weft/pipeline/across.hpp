#pragma once

#include "weft/core/consumer.hpp"

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// What `threaded` and `forked` have in common.
namespace weft::detail {

/// What is kept of an item while it is on its way: text itself, not a view of it.
template <class T>
using carried = std::conditional_t<std::is_same_v<std::remove_cvref_t<T>, std::string_view>,
                                   std::string, std::remove_cvref_t<T>>;

/// Sends what was carried as the `T` that it is.
template <class T>
bool send_carried(consumer<T>& target, carried<T>& item) {
    if constexpr (std::is_lvalue_reference_v<T> || !std::is_same_v<carried<T>, std::remove_cv_t<T>>)
        return target.send(item);
    else
        return target.send(std::move(item));
}

/// The near end of a crossing: hands everything it is sent, thrown and told to `link`, which has
///
/// - `bool send(T&& item)`: false when the far end has ended; throws its error;
/// - `bool raise(std::exception_ptr)`: the same, when the far end has had it;
/// - `void close()`: returns when the far end has ended; throws its error;
/// - a destructor that closes as well, and never throws.
template <class T, class Link>
consumer<T> send_across(std::unique_ptr<Link> link) {
    bool is_sending = false;
    for (;;) {
        std::exception_ptr raised;
        try {
            for (;;) {
                T item = co_await receive;
                is_sending = true;
                if (!link->send(std::forward<T>(item))) co_return;
                is_sending = false;
            }
        } catch (const generator_exit&) {
            if (is_sending) throw;
        } catch (...) {
            if (is_sending) throw;
            raised = std::current_exception();
        }
        if (raised == nullptr) break;
        if (!link->raise(std::move(raised))) co_return;
    }
    link->close();
}

}  // namespace weft::detail
