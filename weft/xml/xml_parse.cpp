#include "weft/xml/xml_parse.hpp"

#include "weft/xml/xml_core.hpp"

namespace weft {

void xml_parse(xml_source from, consumer<const xml_event&> target, xml_options how) {
    detail::xml_core core(std::move(target), std::move(how), from.name());
    for (;;) {
        const std::span<char> into = core.room(xml_chunk_bytes);
        const std::size_t n = from.read(into.data(), into.size());
        if (n == 0) break;
        if (!core.commit(n)) return;
    }
    core.finish();
    core.target().close();
}

void xml_parse(xml_source from, consumer<xml_event> target, xml_options how) {
    xml_parse(std::move(from), detail::hand_out_copies(std::move(target)), std::move(how));
}

}  // namespace weft
