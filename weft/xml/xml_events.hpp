#pragma once

#include "weft/base/export.hpp"
#include "weft/core/generator.hpp"
#include "weft/xml/xml_event.hpp"
#include "weft/xml/xml_options.hpp"
#include "weft/xml/xml_source.hpp"

namespace weft {

/// The events of a document, pulled one by one.
///
/// ```cpp
/// #include <weft/xml/xml_events.hpp>
///
/// bool has_route(const std::string& path, std::string_view wanted) {
///     bool in_route = false;
///     for (const weft::xml_event& event : weft::xml_events(weft::xml_file(path))) {
///         if (event.is_start() || event.is_end()) in_route = event.is_start("route");
///         if (in_route && event.is_text() && event.text() == wanted) return true;
///     }
///     return false;
/// }
/// ```
///
/// An event is valid until the next is asked for. The parser is some events ahead, of which it
/// keeps copies; so to push (`xml_parse`) is cheaper. Errors are thrown where the event after the
/// last good one is asked for.
[[nodiscard]] WEFT_EXPORT generator<const xml_event&> xml_events(xml_source from,
                                                                 xml_options how = {});

}  // namespace weft
