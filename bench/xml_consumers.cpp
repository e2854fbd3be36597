// What it costs to have the events of an XML document in consumers instead of expat's callbacks.
//
// The positions of buses, 200 MB: each <bus> becomes a record of three of its fields, of which
// those on route 22 that go north are counted. The document lies in memory, is handed over by
// 64 KiB, and is made of ten times the same 20 MB.

#include "bench.hpp"

#include <weft/core/consumer.hpp>
#include <weft/pipeline/stages.hpp>
#include <weft/xml/records.hpp>
#include <weft/xml/xml_events.hpp>
#include <weft/xml/xml_parser.hpp>

#include <expat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t chunk = 64 << 10;
constexpr std::size_t size_wanted = 200'000'000;
constexpr int repeated = 10;

class document {
public:
    explicit document(std::size_t size) {
        std::uint64_t random = 88172645463325252U;
        const auto next = [&](std::uint64_t below) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            return static_cast<unsigned>((random >> 20) % below);
        };
        constexpr const char* directions[] = {"North Bound", "South Bound", "East Bound",
                                              "West Bound"};
        while (body_.size() < size / repeated) {
            char bus[400];
            const unsigned route = next(100);
            const char* const direction = directions[next(4)];
            found_ += repeated * (route == 22 && direction == directions[0] ? 1 : 0);
            const int n = std::snprintf(
                bus, sizeof bus,
                "  <bus>\n    <id>%u</id>\n    <route>%u</route>\n    <color>#%06x</color>\n"
                "    <revenue>true</revenue>\n    <direction>%s</direction>\n"
                "    <latitude>41.%06u</latitude>\n    <longitude>-87.%06u</longitude>\n"
                "  </bus>\n",
                1000 + next(9000), route, next(0x1000000), direction, next(1000000), next(1000000));
            body_.append(bus, static_cast<std::size_t>(n));
        }
    }

    /// Calls `piece(text)` for each 64 KiB of the document.
    template <class Piece>
    void hand_over(Piece piece) const {
        piece("<?xml version=\"1.0\"?>\n<buses>\n");
        for (int n = 0; n < repeated; ++n)
            for (std::string_view rest = body_; !rest.empty();) {
                piece(rest.substr(0, chunk));
                rest.remove_prefix(std::min(chunk, rest.size()));
            }
        piece("</buses>\n");
    }
    [[nodiscard]] double megabytes() const {
        return static_cast<double>(body_.size()) * repeated / 1e6;
    }
    [[nodiscard]] long found() const { return found_; }

private:
    std::string body_;
    long found_ = 0;
};

/// `parse` gives how many buses it found.
template <class Parse>
double measure(std::string_view megabytes, Parse parse) {
    const std::size_t size =
        megabytes.empty() ? size_wanted : 1'000'000 * std::strtoul(megabytes.data(), nullptr, 10);
    const document buses(size);
    const double start = bench::cpu_ns();
    const long found = parse(buses);
    const double took = bench::cpu_ns() - start;
    bench::require(found == buses.found(), "the number of buses on route 22, North Bound");
    return buses.megabytes() / (took / 1e9);
}

// ---- By expat's callbacks.

struct text {
    char bytes[64];
    std::size_t size = 0;
    [[nodiscard]] bool is(const char* other, std::size_t n) const {
        return size == n && std::memcmp(bytes, other, n) == 0;
    }
};

struct handlers {
    text id;
    text route;
    text direction;
    text* field = nullptr;
    bool in_bus = false;
    long found = 0;

    static void start(void* self, const char* name, const char**) {
        auto& h = *static_cast<handlers*>(self);
        h.field = nullptr;
        if (!h.in_bus) {
            h.in_bus = std::strcmp(name, "bus") == 0;
            return;
        }
        if (std::strcmp(name, "id") == 0)
            h.field = &h.id;
        else if (std::strcmp(name, "route") == 0)
            h.field = &h.route;
        else if (std::strcmp(name, "direction") == 0)
            h.field = &h.direction;
        if (h.field != nullptr) h.field->size = 0;
    }
    static void end(void* self, const char* name) {
        auto& h = *static_cast<handlers*>(self);
        h.field = nullptr;
        if (std::strcmp(name, "bus") != 0) return;
        h.in_bus = false;
        if (h.route.is("22", 2) && h.direction.is("North Bound", 11)) ++h.found;
    }
    static void characters(void* self, const char* bytes, int n) {
        auto& h = *static_cast<handlers*>(self);
        if (h.field == nullptr) return;
        const auto size =
            std::min(static_cast<std::size_t>(n), sizeof(text::bytes) - h.field->size);
        std::memcpy(h.field->bytes + h.field->size, bytes, size);
        h.field->size += size;
    }
};

double measure_expat(std::string_view megabytes) {
    return measure(megabytes, [](const document& buses) {
        handlers h;
        const XML_Parser parser = XML_ParserCreate(nullptr);
        XML_SetUserData(parser, &h);
        XML_SetElementHandler(parser, handlers::start, handlers::end);
        XML_SetCharacterDataHandler(parser, handlers::characters);
        buses.hand_over([&](std::string_view piece) {
            void* const into = XML_GetBuffer(parser, static_cast<int>(piece.size()));
            std::memcpy(into, piece.data(), piece.size());
            bench::require(XML_ParseBuffer(parser, static_cast<int>(piece.size()), 0) ==
                               XML_STATUS_OK,
                           "the document");
        });
        bench::require(XML_Parse(parser, "", 0, 1) == XML_STATUS_OK, "the end of the document");
        XML_ParserFree(parser);
        return h.found;
    });
}

// ---- By consumers.

using event = const weft::xml_event&;

struct bus {
    std::string id;
    std::string route;
    std::string direction;
};

weft::consumer<event> make_buses(weft::consumer<const bus&> target) {
    bus one;
    for (;;) {
        event outside = co_await weft::receive;
        if (!outside.is_start("bus")) continue;
        for (;;) {
            event e = co_await weft::receive;
            if (!e.is_end()) continue;
            if (e.has_name("id"))
                one.id = e.text();
            else if (e.has_name("route"))
                one.route = e.text();
            else if (e.has_name("direction"))
                one.direction = e.text();
            else if (e.has_name("bus"))
                break;
        }
        target.send(one);
    }
}

weft::consumer<const bus&> count_buses(long& found) {
    for (;;) {
        [[maybe_unused]] const bus& one = co_await weft::receive;
        ++found;
    }
}

double measure_weft(std::string_view megabytes) {
    return measure(megabytes, [](const document& buses) {
        long found = 0;
        weft::xml_parser parser(
            make_buses(weft::filter([](const bus& b) { return b.route == "22"; }) |
                       weft::filter([](const bus& b) { return b.direction == "North Bound"; }) |
                       count_buses(found)),
            weft::xml_options().skip_blank_text().text_with_end());
        buses.hand_over([&](std::string_view piece) { parser.feed(piece); });
        parser.finish();
        return found;
    });
}

weft::consumer<const weft::xml_record&> count_records(long& found) {
    for (;;) {
        [[maybe_unused]] const weft::xml_record& one = co_await weft::receive;
        ++found;
    }
}

double measure_records(std::string_view megabytes) {
    return measure(megabytes, [](const document& buses) {
        long found = 0;
        weft::xml_parser parser(weft::records("bus") | weft::where("route", "22") |
                                    weft::where("direction", "North Bound") | count_records(found),
                                weft::xml_options().skip_blank_text().text_with_end());
        buses.hand_over([&](std::string_view piece) { parser.feed(piece); });
        parser.finish();
        return found;
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "MB_per_s",
        {{"weft", measure_weft}, {"records", measure_records}, {"expat", measure_expat}});
}
