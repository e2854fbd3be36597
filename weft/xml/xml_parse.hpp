#pragma once

#include "weft/base/export.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/task.hpp"
#include "weft/stream/concepts.hpp"
#include "weft/xml/xml_event.hpp"
#include "weft/xml/xml_options.hpp"
#include "weft/xml/xml_parser.hpp"
#include "weft/xml/xml_source.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace weft {

/// Sends the events of a document to a consumer, and closes it at the end: a SAX parser whose
/// handler is a coroutine.
///
/// ```cpp
/// #include <weft/xml/xml_parse.hpp>
///
/// weft::consumer<const weft::xml_event&> outline() {
///     for (;;) {
///         const weft::xml_event& event = co_await weft::receive;
///         if (event.is_start())
///             std::cout << std::string(2 * event.depth(), ' ') << event.name() << '\n';
///     }
/// }
///
/// void show_outline(const std::string& path) {
///     weft::xml_parse(weft::xml_file(path), outline());
/// }
/// ```
///
/// A consumer that ends stops the parser, and the rest of the document is not read. Throws
/// `xml_error` for what is no XML or goes beyond a limit, what the source throws, and what the
/// consumer throws. Then the consumer is not closed; what owns it does that.
WEFT_EXPORT void xml_parse(xml_source from, consumer<const xml_event&> target,
                           xml_options how = {});
WEFT_EXPORT void xml_parse(xml_source from, consumer<xml_event> target, xml_options how = {});

/// How much is read at once.
inline constexpr std::size_t xml_chunk_bytes = 64 << 10;

/// The same from a stream, which outlives the task: a socket, a pipe.
template <byte_source Stream, class T>
[[nodiscard]] task<> xml_parse(Stream& from, consumer<T> target, xml_options how = {}) {
    xml_parser parser(std::move(target), std::move(how));
    for (;;) {
        const std::span<char> into = parser.room(xml_chunk_bytes);
        const std::size_t n = co_await from.read_some(into.data(), into.size());
        if (n == 0) break;
        const bool goes_on = parser.commit(n);
        if (!goes_on) co_return;
    }
    parser.finish();
}

}  // namespace weft
