#pragma once

#include "weft/base/export.hpp"
#include "weft/file/line_writer.hpp"
#include "weft/pipeline/stage.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

/// The ends of pipelines: consumers that print, keep or use what they are sent.
namespace weft {

/// Calls `function(item)` for each item. `T` is what it is sent; if it is not given, what
/// `function` declares as its parameter.
///
/// ```cpp
/// int sum_of(std::vector<int> numbers) {
///     int sum = 0;
///     numbers | weft::for_each([&](int n) { sum += n; });
///     return sum;
/// }
/// ```
template <class T = void, class Function>
[[nodiscard]] auto for_each(Function function) -> consumer<detail::item_of<T, Function>> {
    using item_type = detail::item_of<T, Function>;
    for (;;) {
        item_type item = co_await receive;
        static_cast<void>(std::invoke(function, std::forward<item_type>(item)));
    }
}

/// Appends each item to a vector, which outlives the consumer.
template <class T>
[[nodiscard]] consumer<T> append_to(std::vector<T>& items) {
    for (;;) {
        T item = co_await receive;
        items.push_back(std::move(item));
    }
}

/// The same for lines: keeps their text, which a `string_view` does not.
[[nodiscard]] WEFT_EXPORT consumer<std::string_view> append_to(std::vector<std::string>& lines);

/// Writes each line with its '\n'. Flushes when it is closed. Ends when nobody reads any more (see
/// `line_writer` about SIGPIPE). Errors are `std::system_error`, "writing NAME: why".
/// With a `line_writer` of the caller's, what is in its buffer can be flushed at any time, as in
/// `follow(path).on_idle([&] { out.flush(); }) | print_to(out)`. The writer outlives the consumer.
[[nodiscard]] WEFT_EXPORT consumer<std::string_view> print_to(line_writer& out);
/// To a descriptor that somebody else owns: 1 is standard output.
[[nodiscard]] WEFT_EXPORT consumer<std::string_view> print_to(int fd);
/// Through the buffer of stdio, so that it mixes with printf.
[[nodiscard]] WEFT_EXPORT consumer<std::string_view> print_to(std::FILE* file);

}  // namespace weft
