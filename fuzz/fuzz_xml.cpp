// XML of any bytes, cut anywhere: fed as a whole, in pieces, and pulled it must give the same
// events, an error or none, and no limit may be passed. The input: options, the size of pieces, the
// document.

#include <weft/xml/records.hpp>
#include <weft/xml/xml_events.hpp>
#include <weft/xml/xml_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using event = const weft::xml_event&;

std::string told(event e) {
    std::string all = std::to_string(static_cast<int>(e.kind())) + std::string(e.name()) + "/" +
                      std::string(e.text());
    for (const weft::xml_attribute a : e.attributes())
        all += " " + std::string(a.name()) + "=" + std::string(a.value());
    if (e.depth() > 8) std::abort();
    return all + "\n";
}

weft::consumer<event> write_down(std::string& all) {
    for (;;) {
        event e = co_await weft::receive;
        all += told(e);
    }
}

weft::consumer<const weft::xml_record&> sum_up(std::size_t& fields) {
    for (;;) {
        const weft::xml_record& one = co_await weft::receive;
        for (const weft::xml_field f : one) fields += f.name().size() + f.text().size();
    }
}

template <class Parse>
std::string outcome(Parse parse) {
    std::string all;
    try {
        parse(all);
    } catch (const weft::xml_error& error) {
        // Where and why may depend on how it was cut: Expat reads ahead in a name.
        if (error.line() == 0 || error.reason().empty()) std::abort();
        all += "error";
    }
    return all;
}

void feed(weft::xml_parser& parser, std::string_view text, std::size_t piece) {
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        parser.feed(text.substr(0, piece));
    parser.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 20000) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto how = weft::xml_options()
                         .namespaces((data[0] & 1) != 0)
                         .skip_blank_text((data[0] & 2) != 0)
                         .text_with_end((data[0] & 4) != 0)
                         .comments((data[0] & 8) != 0)
                         .instructions((data[0] & 16) != 0)
                         .doctype((data[0] & 32) != 0)
                         .depth_max(8)
                         .attributes_max(4)
                         .expansion_max(2, 1000);
    const std::string whole = outcome([&](std::string& all) {
        weft::xml_parser parser(write_down(all), how);
        feed(parser, text, text.size() + 1);
    });
    const std::string cut = outcome([&](std::string& all) {
        weft::xml_parser parser(write_down(all), how);
        feed(parser, text, data[1] % 16 + 1);
    });
    if (whole != cut) std::abort();
    const std::string pulled = outcome([&](std::string& all) {
        for (event e : weft::xml_events(weft::xml_text(text), how)) all += told(e);
    });
    if (whole != pulled) std::abort();
    std::size_t fields = 0;
    static_cast<void>(outcome([&](std::string&) {
        weft::xml_parser parser(weft::records("a").bytes_max(1000) | sum_up(fields), how);
        feed(parser, text, text.size() + 1);
    }));
    return 0;
}
