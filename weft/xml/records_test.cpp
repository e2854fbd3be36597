#include "weft/xml/records.hpp"

#include "weft/xml/xml_events.hpp"
#include "weft/xml/xml_test.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using namespace weft::xml_test;
using record = const weft::xml_record&;
using weft::records;
using weft::xml_text;

/// "bus: route=22 direction=North Bound"
std::string told(record one) {
    std::string all = std::string(one.name()) + ":";
    for (const weft::xml_field field : one)
        all += " " + std::string(field.name()) + "=" + std::string(field.text());
    return all;
}

weft::consumer<record> note(std::vector<std::string>& all) {
    for (;;) {
        record one = co_await weft::receive;
        all.push_back(told(one));
    }
}

std::vector<std::string> records_of(std::string_view document, const std::string& element) {
    std::vector<std::string> pushed;
    xml_parse(xml_text(document), records(element) | note(pushed));
    std::vector<std::string> pulled;
    for (record one : weft::xml_events(xml_text(document)) | records(element))
        pulled.push_back(told(one));
    EXPECT_EQ(pulled, pushed);
    return pushed;
}

using strings = std::vector<std::string>;

constexpr std::string_view buses =
    "<?xml version='1.0'?>\n<buses>\n"
    "<bus>\n <id>7574</id><route>147</route><direction><![CDATA[North Bound]]></direction></bus>\n"
    "<note>none <bus/> </note>"
    "<bus><id>7</id><route>22</route><direction>North &#66;ound</direction></bus>"
    "<bus><id>8</id><route>22</route><direction/></bus></buses>";

TEST(records, are_made_of_each_element_of_the_name_in_order) {
    EXPECT_EQ(records_of(buses, "bus"), (strings{"bus: id=7574 route=147 direction=North Bound",
                                                 "bus:", "bus: id=7 route=22 direction=North Bound",
                                                 "bus: id=8 route=22 direction="}));
    EXPECT_EQ(records_of(buses, "none"), strings{});
}

TEST(records, name_what_lies_deeper_by_the_way_to_it) {
    EXPECT_EQ(records_of("<r a='1' b=''>own<p x='2'><lat>41</lat><lon> 8 </lon>beside</p>"
                         "<p> </p><r>inner</r> <q><s><t>deep</t></s></q></r>",
                         "r"),
              (strings{"r: @a=1 @b= .=own p/@x=2 p/lat=41 p/lon= 8  p=beside p=  r=inner "
                       "q/s/t=deep"}));
    EXPECT_EQ(records_of("<x><item>one</item><item> </item></x>", "item"),
              (strings{"item: .=one", "item:"}));
    strings all;
    xml_parse(xml_text("<r><a>x<!-- c -->y</a></r>"), records("r") | note(all),
              weft::xml_options().comments());
    EXPECT_EQ(all, strings{"r: a=xy"});
}

TEST(records, are_chosen_by_their_fields) {
    strings all;
    xml_parse(xml_text(buses), records("bus") | weft::where("route", "22") |
                                   weft::where("direction", "North Bound") | note(all));
    EXPECT_EQ(all, strings{"bus: id=7 route=22 direction=North Bound"});
    all.clear();
    const std::string_view twice = "<r><k>1</k><k>2</k></r>";
    xml_parse(xml_text(twice), records("r") | weft::where("k", "2") | note(all));
    EXPECT_EQ(all, strings{"r: k=1 k=2"});
}

TEST(records, end_the_parser_when_their_consumer_ends) {
    strings all;
    // The rest is no XML.
    xml_parse(xml_text("<x><r><a>1</a></r><r/><<<<"), records("r") | weft::take(1) | note(all));
    EXPECT_EQ(all, strings{"r: a=1"});
}

TEST(records, have_a_limit) {
    strings all;
    EXPECT_EQ(thrown<weft::xml_error>([&] {
                  xml_parse(xml_text("<r>\n<a>" + std::string(200, 'x') + "</a></r>", "big.xml"),
                            records("r").bytes_max(100) | note(all));
              }),
              "big.xml:2:204: more than 100 bytes in one record 'r': records(…).bytes_max() sets "
              "this limit");
}

TEST(xml_record, gives_its_fields_as_what_they_are_asked_for) {
    const std::string_view text =
        "<r><n> 42 </n><d>-1.5e3</d><t>true</t><s> x </s><big>300</big></r>";
    std::vector<weft::xml_record> kept;
    for (record r : weft::xml_events(xml_text(text)) | records("r")) kept.push_back(r);
    ASSERT_EQ(kept.size(), 1U);
    record r = kept[0];
    EXPECT_EQ(r.get<int>("n"), 42);
    EXPECT_EQ(r.get<double>("d"), -1500.0);
    EXPECT_TRUE(r.get<bool>("t"));
    EXPECT_EQ(r.get<std::string>("s"), " x ");
    EXPECT_EQ(r.get<int>("none", 7), 7);
    EXPECT_EQ(r["none"], "");
    EXPECT_FALSE(r.contains("none"));
    EXPECT_EQ(r.find("n"), " 42 ");
    EXPECT_EQ(thrown<weft::field_error>([&] { static_cast<void>(r.get<int>("none")); }),
              "the record 'r' has no field 'none': it has n, d, t, s, big");
    EXPECT_EQ(thrown<weft::field_error>([&] { static_cast<void>(r.get<std::uint8_t>("big")); }),
              "the field 'big' of the record 'r' is no whole number of that size: '300'");
    EXPECT_EQ(thrown<weft::field_error>([&] { static_cast<void>(r.get<bool>("s")); }),
              "the field 's' of the record 'r' is neither true nor false: ' x '");
    EXPECT_EQ(thrown<weft::field_error>([&] { static_cast<void>(r.get<int>("d")); }),
              "the field 'd' of the record 'r' is no whole number of that size: '-1.5e3'");
}

}  // namespace
