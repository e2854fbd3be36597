// Buses on route 22 that go north: a parser's events go through coroutines, pushed and pulled.

#include <weft/weft.hpp>
#include <weft/xml/records.hpp>
#include <weft/xml/xml_events.hpp>
#include <weft/xml/xml_parse.hpp>

#include <iostream>
#include <string_view>

constexpr std::string_view document = R"(<?xml version="1.0"?>
<buses>
  <bus><id>7574</id><route>147</route><direction>North Bound</direction></bus>
  <bus><id>1485</id><route>22</route><direction><![CDATA[North Bound]]></direction></bus>
  <bus><id>1612</id><route>22</route><direction>South Bound</direction></bus>
  <bus><id>7</id><route>22</route><direction>North &#66;ound</direction></bus>
</buses>)";

using bus = const weft::xml_record&;

/// The sink: primed when it is made, closed at the end of the document.
weft::consumer<bus> print() {
    int count = 0;
    try {
        for (;;) {
            bus one = co_await weft::receive;
            std::cout << one["route"] << ", " << one.get<int>("id") << ", " << one["direction"]
                      << '\n';
            ++count;
        }
    } catch (const weft::generator_exit&) {
        std::cout << count << " buses\n";
    }
}

int main() {
    std::cout << "pushed:\n";
    weft::xml_parse(weft::xml_text(document), weft::records("bus") | weft::where("route", "22") |
                                                  weft::where("direction", "North Bound") |
                                                  print());

    std::cout << "pulled:\n";
    for (bus one : weft::xml_events(weft::xml_text(document)) | weft::records("bus"))
        std::cout << one["id"] << ' ';
    std::cout << '\n';

    try {
        weft::xml_parse(weft::xml_text("<buses>\n  <bus></route>", "broken.xml"),
                        weft::records("bus") | print());
    } catch (const weft::xml_error& error) {
        std::cout << error.what() << '\n';
    }
}
