#pragma once

#include "weft/base/export.hpp"
#include "weft/core/consumer.hpp"
#include "weft/xml/xml_event.hpp"
#include "weft/xml/xml_options.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

/// A parser of XML that is fed.
namespace weft {
namespace detail {
class xml_core;
}  // namespace detail

/// A parser that is fed: its events go to a consumer as the bytes of the document come, from
/// wherever they come.
///
/// ```cpp
/// #include <weft/xml/xml_parser.hpp>
///
/// weft::task<> count_items(weft::tcp_stream from, weft::consumer<const weft::xml_event&> items) {
///     weft::xml_parser parser(std::move(items));
///     char bytes[4096];
///     while (const std::size_t n = co_await from.read_some(bytes, sizeof bytes))
///         if (!parser.feed(std::string_view(bytes, n))) co_return;
///     parser.finish();
/// }
/// ```
///
/// - `consumer<const xml_event&>` is sent the parser's own event, without a copy; a
///   `consumer<xml_event>` gets one by way of another coroutine.
/// - A consumer that ends, ends the parser. What it throws comes out of `feed()` or `finish()`, and
///   out of every later call, as errors of the document do: `xml_error`.
/// - In a fiber the consumer may `await()`. It must not use the parser that sends to it: that
///   throws `already_executing`; to destroy it there is fatal.
///
/// Memory: what `xml_options` bears of one tag and one text, however long the document is. One
/// thread at a time.
class WEFT_EXPORT xml_parser {
public:
    explicit xml_parser(consumer<const xml_event&> target, xml_options how = {});
    explicit xml_parser(consumer<xml_event> target, xml_options how = {});
    xml_parser(xml_parser&&) noexcept;
    xml_parser& operator=(xml_parser&&) noexcept;
    ~xml_parser();

    /// The next bytes of the document, cut anywhere. False when the consumer has ended: what is
    /// left of the document makes no difference.
    bool feed(std::string_view bytes);
    /// The document is complete: checks that it is, and closes the consumer, which may throw.
    void finish();

    /// The same without a copy: where `n` bytes, or fewer, are to be written, and
    /// that the first `n` of them have been.
    [[nodiscard]] std::span<char> room(std::size_t n);
    bool commit(std::size_t n);

    /// How far it is: behind the last event.
    [[nodiscard]] xml_position position() const noexcept;
    /// Whether the consumer has ended, or something was thrown.
    [[nodiscard]] bool has_ended() const noexcept;

private:
    std::unique_ptr<detail::xml_core> core_;
};

}  // namespace weft
