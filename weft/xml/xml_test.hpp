#pragma once

#include "weft/base/thrown_test.hpp"
#include "weft/xml/xml_parse.hpp"

#include <string>
#include <string_view>
#include <utility>

/// What the tests of XML share: events written down.
namespace weft::xml_test {

using event = const weft::xml_event&;
using testing::thrown;

/// "+a(k=v)", "-a", "'text'", "!comment", "?target text"; depth and names of all of them.
inline std::string told(event e) {
    const std::string name(e.name());
    const std::string text(e.text());
    switch (e.kind()) {
        case xml_kind::start: {
            std::string all = "+" + name;
            for (const xml_attribute a : e.attributes())
                all += "(" + std::string(a.name()) + "=" + std::string(a.value()) + ")";
            return all;
        }
        case xml_kind::end: return "-" + name;
        case xml_kind::text: return "'" + text + "'";
        case xml_kind::comment: return "!" + text;
        case xml_kind::instruction: return "?" + name + " " + text;
    }
    return "?";
}

inline consumer<event> write_down(std::string& all) {
    for (;;) {
        event e = co_await receive;
        if (!all.empty()) all += ' ';
        all += told(e);
    }
}

/// The events of a document that is fed as a whole.
inline std::string events_of(std::string_view document, xml_options how = {}) {
    std::string all;
    xml_parse(xml_text(document), write_down(all), std::move(how));
    return all;
}

/// The error of a document, and the events before it.
inline std::string error_of(std::string_view document, xml_options how = {}) {
    std::string all;
    const std::string text =
        thrown<xml_error>([&] { xml_parse(xml_text(document), write_down(all), std::move(how)); });
    return all.empty() ? text : all + " | " + text;
}

}  // namespace weft::xml_test
