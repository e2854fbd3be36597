// The course, and article 000 after it: the events of an XML parser, sent to coroutines.

#include "program.hpp"

#ifdef WEFT_HAS_XML

#include "scratch_log.hpp"

#include "weft/pipeline/forked.hpp"
#include "weft/pipeline/threaded.hpp"
#include "weft/weft.hpp"
#include "weft/xml/records.hpp"
#include "weft/xml/xml_events.hpp"
#include "weft/xml/xml_parse.hpp"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tour {

using event = const xml_event&;
/// One bus: what its elements are called, and what they say.
using dict = std::map<std::string, std::string>;

namespace {

using line = std::string_view;

constexpr line few_buses = "<?xml version=\"1.0\"?>\n"
                           "<buses>\n"
                           "  <bus><id>7574</id><route>147</route></bus>\n"
                           "  <bus n='2'><id>1485</id><direction>North &amp; <![CDATA[Bound]]>"
                           "</direction></bus>\n"
                           "</buses>\n";

// 0.13: the handler is a coroutine.
consumer<event> dispatch(guide& show) {
    for (;;) {
        event e = co_await receive;
        if (e.is_start("bus")) show.print("a bus\n");
        if (e.is_end("id")) show.print("  its number is {}\n", e.text());
        if (e.is_end("direction")) show.print("  it is {}\n", e.text());
    }
}

void event_dispatch(guide& show) {
    const auto how = xml_options().skip_blank_text().text_with_end();
    xml_parse(xml_text(few_buses), dispatch(show), how);
    show.print("one byte at a time:\n");
    xml_parser parser(dispatch(show), how);
    for (const char& byte : few_buses) parser.feed(line(&byte, 1));
    parser.finish();
}

// B.7: basicsax.py, a handler object; cosax.py, a coroutine.
class event_handler {
public:
    explicit event_handler(std::string& trace) : trace_(trace) {}
    void start_element(line name) { trace_ += fmt::format("startElement {}\n", name); }
    void characters(line text) { trace_ += fmt::format("characters {}\n", text.size()); }
    void end_element(line name) { trace_ += fmt::format("endElement {}\n", name); }

private:
    std::string& trace_;
};

void call(event_handler& handler, event e) {
    if (e.is_start()) handler.start_element(e.name());
    if (e.is_text()) handler.characters(e.text());
    if (e.is_end()) handler.end_element(e.name());
}

consumer<event> trace_events(std::string& trace) {
    for (;;) {
        event e = co_await receive;
        if (e.is_start()) trace += fmt::format("startElement {}\n", e.name());
        if (e.is_text()) trace += fmt::format("characters {}\n", e.text().size());
        if (e.is_end()) trace += fmt::format("endElement {}\n", e.name());
    }
}

void two_handlers(guide& show) {
    std::string by_handler;
    event_handler handler(by_handler);
    for (event e : xml_events(xml_text(few_buses))) call(handler, e);
    std::string by_coroutine;
    xml_parse(xml_text(few_buses), trace_events(by_coroutine));
    show.write(by_coroutine);
    show.check(by_handler == by_coroutine, "a handler and a coroutine are told the same");
}

// B.8

// The bus positions of the course: twelve elements a bus. Ours are made up, the same each time.
class bus_file {
public:
    explicit bus_file(int buses) {
        std::string text = "<?xml version=\"1.0\"?>\n<buses>\n";
        for (int n = 0; n < buses; ++n) add(text);
        text += "</buses>\n";
        size_ = text.size();
        file_.append(text);
    }
    [[nodiscard]] std::string path() const { return file_.path(); }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    std::uint64_t random(std::uint64_t below) {
        seed_ = seed_ * 6364136223846793005U + 1442695040888963407U;
        return (seed_ >> 33) % below;
    }
    void add(std::string& text) {
        constexpr std::array<line, 4> directions{"North Bound", "South Bound", "East Bound",
                                                 "West Bound"};
        constexpr std::array<line, 3> stops{"Paulina &amp; Howard Terminal",
                                            "<![CDATA[Clark & Division]]>", "9th/Federal"};
        const line direction = directions[random(4)];
        text += fmt::format("  <bus>\n    <id>{}</id>\n    <route>{}</route>\n"
                            "    <color>#{:06x}</color>\n    <revenue>true</revenue>\n",
                            1000 + random(9000), random(40), random(0x1000000));
        text += fmt::format("    <direction>{}</direction>\n    <latitude>41.{:06}</latitude>\n"
                            "    <longitude>-87.{:06}</longitude>\n    <pattern>{}</pattern>\n",
                            direction, random(1000000), random(1000000), 1000 + random(9000));
        text += fmt::format("    <patternDirection>{}</patternDirection>\n    <run>P{}</run>\n"
                            "    <finalStop>{}</finalStop>\n    <operator>{}</operator>\n"
                            "  </bus>\n",
                            direction, random(1000), stops[random(3)], random(50000));
    }

    std::uint64_t seed_ = 22;
    scratch_log file_;
    std::size_t size_ = 0;
};

// The course's coroutines, one after the other.
consumer<event> buses_to_dicts(consumer<const dict&> target) {
    for (;;) {
        event outside = co_await receive;
        if (!outside.is_start("bus")) continue;
        dict bus;
        std::string text;
        for (;;) {
            event e = co_await receive;
            if (e.is_start()) text.clear();
            if (e.is_text()) text = e.text();
            if (e.is_end("bus")) break;
            if (e.is_end()) bus.emplace(e.name(), text);
        }
        target.send(bus);
    }
}

consumer<const dict&> filter_on_field(std::string field, std::string value,
                                      consumer<const dict&> target) {
    for (;;) {
        const dict& one = co_await receive;
        const auto found = one.find(field);
        if (found != one.end() && found->second == value) target.send(one);
    }
}

std::string location(line route, line id, line direction, line latitude, line longitude,
                     line stop) {
    return fmt::format("{},{},\"{}\",{},{}  {}", route, id, direction, latitude, longitude, stop);
}

consumer<const dict&> bus_locations(consumer<line> target) {
    for (;;) {
        const dict& one = co_await receive;
        target.send(location(one.at("route"), one.at("id"), one.at("direction"), one.at("latitude"),
                             one.at("longitude"), one.at("finalStop")));
    }
}

std::string location_of(const xml_record& bus) {
    return location(bus["route"], bus["id"], bus["direction"], bus["latitude"], bus["longitude"],
                    bus["finalStop"]);
}

consumer<const xml_record&> record_locations(consumer<line> target) {
    for (;;) {
        const xml_record& bus = co_await receive;
        target.send(location_of(bus));
    }
}

// The same pipeline in each environment: it reads the file and writes its lines to `out`.
consumer<const dict&> northbound_22(int out) {
    return filter_on_field(
        "route", "22", filter_on_field("direction", "North Bound", bus_locations(print_to(out))));
}

void as_in_the_course(const std::string& path, int out) {
    xml_parse(xml_file(path), buses_to_dicts(northbound_22(out)));
}
void pushed(const std::string& path, int out) {
    xml_parse(xml_file(path), records("bus") | where("route", "22") |
                                  where("direction", "North Bound") |
                                  record_locations(print_to(out)));
}
void pulled(const std::string& path, int out) {
    auto print = print_to(out);
    for (const xml_record& bus : xml_events(xml_file(path)) | records("bus") |
                                     where("route", "22") | where("direction", "North Bound"))
        print.send(location_of(bus));
    print.close();
}

void in_a_thread(const std::string& path, int out) {
    xml_parse(xml_file(path), buses_to_dicts(threaded(northbound_22(out))));
}
void in_a_process(const std::string& path, int out) {
    xml_parse(xml_file(path), buses_to_dicts(forked(northbound_22, out)));
}

struct environment {
    line name;
    void (*run)(const std::string& path, int out);
};
constexpr environment environments[] = {
    {"coroutines by hand, as in the course", as_in_the_course},
    {"records(), pushed", pushed},
    {"records(), pulled", pulled},
    {"filters in a thread", in_a_thread},
    {"filters in a process", in_a_process},
};

std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void bus_positions(guide& show) {
    const bus_file buses(show.in_a_hurry() ? 2000 : 20000);
    show.print("{} bytes of bus positions\n", buses.size());
    std::string first;
    for (const auto& [name, run] : environments) {
        const scratch_log out;
        const unique_fd file(::open(out.path().c_str(), O_WRONLY | O_CLOEXEC));
        run(buses.path(), file.get());
        const std::string text = text_of(out.path());
        if (first.empty()) {
            first = text;
            show.write(first.substr(0, first.find('\n', first.find('\n') + 1) + 1));
            show.print("...\n");
        }
        show.print("{} of route 22, North Bound: {}\n", std::ranges::count(text, '\n'), name);
        show.check(!text.empty() && text == first, fmt::format("the same bytes: {}", name));
    }
}

}  // namespace

programs course_buses() {
    return {
        {
            .id = "0.13",
            .title = "event dispatch: a parser sends its events to a coroutine",
            .shows = "Tags and text of an XML document, in one piece and byte by byte.",
            .run = event_dispatch,
            .expected = "a bus\n  its number is 7574\na bus\n  its number is 1485\n"
                        "  it is North & Bound\n"
                        "one byte at a time:\n"
                        "a bus\n  its number is 7574\na bus\n  its number is 1485\n"
                        "  it is North & Bound\n",
        },
        {
            .id = "B.7",
            .title = "basicsax, cosax",
            .shows = "A handler object and a coroutine are told the same events.",
            .run = two_handlers,
            .expected = "startElement buses\ncharacters 3\n"
                        "startElement bus\nstartElement id\ncharacters 4\nendElement id\n"
                        "startElement route\ncharacters 3\nendElement route\nendElement bus\n"
                        "characters 3\n"
                        "startElement bus\nstartElement id\ncharacters 4\nendElement id\n"
                        "startElement direction\ncharacters 13\nendElement direction\n"
                        "endElement bus\ncharacters 1\nendElement buses\n",
        },
        {
            .id = "B.8",
            .title = "bus positions",
            .shows = "XML, records, route 22, North Bound, a line each: the same bytes however it "
                     "is driven.",
            .run = bus_positions,
            .expected = "… bytes of bus positions\n"
                        "22,…,\"North Bound\",41.…,-87.…\n"
                        "22,…,\"North Bound\",41.…,-87.…\n"
                        "...\n"
                        "… of route 22, North Bound: coroutines by hand, as in the course\n"
                        "… of route 22, North Bound: records(), pushed\n"
                        "… of route 22, North Bound: records(), pulled\n"
                        "… of route 22, North Bound: filters in a thread\n"
                        "… of route 22, North Bound: filters in a process\n",
        },
    };
}

}  // namespace weft::tour

#else

namespace weft::tour {

programs course_buses() {
    return {};
}

}  // namespace weft::tour

#endif
