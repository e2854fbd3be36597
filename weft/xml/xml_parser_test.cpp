#include "weft/xml/xml_parser.hpp"

#include "weft/xml/xml_events.hpp"
#include "weft/xml/xml_test.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

namespace {

using namespace weft::xml_test;
using weft::xml_options;
using weft::xml_parser;

constexpr std::string_view everything =
    "<?xml version=\"1.0\"?>\r\n"
    "<!DOCTYPE d [<!ENTITY who \"the <b>bold</b> &amp; brave\"><!ENTITY nl \"\n\">]>\n"
    "<d a='1' bb=\"x &amp; &lt;y&gt;\">\n\n  one\r\ntwo&who;<e/><![CDATA[ <c> \n]]>&nl;\n&#10;"
    "\xc3\xa4\xe2\x82\xac<!-- c1 -->joined<?p i?>\n<f\n k='v'></f >&#x20AC;\n</d><!--after-->\n";

std::string fed(const std::vector<std::string_view>& pieces, const xml_options& how) {
    std::string all;
    xml_parser parser(write_down(all), how);
    for (const std::string_view piece : pieces) parser.feed(piece);
    parser.finish();
    return all;
}

std::string pulled(std::string_view document, std::size_t piece, const xml_options& how) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < document.size(); at += piece)
        pieces.push_back(document.substr(at, piece));
    std::string all;
    for (event e : weft::xml_events(weft::xml_chunks(pieces), how)) {
        if (!all.empty()) all += ' ';
        all += told(e);
    }
    return all;
}

TEST(xml_parser, sends_tags_attributes_and_joined_text) {
    EXPECT_EQ(
        events_of(everything),
        "+d(a=1)(bb=x & <y>) '\n\n  one\ntwothe ' +b 'bold' -b ' & brave' +e -e ' <c> \n\n\n\n"
        "\xc3\xa4\xe2\x82\xacjoined\n' +f(k=v) -f '\xe2\x82\xac\n' -d");
    EXPECT_EQ(events_of("<a>x<!--c-->y<?p  i ?>z</a>", xml_options().comments().instructions()),
              "+a 'x' !c 'y' ?p i  'z' -a");
    EXPECT_EQ(events_of("<a> <b> x </b>\n</a>", xml_options().skip_blank_text()),
              "+a +b ' x ' -b -a");
}

TEST(xml_parser, sends_the_same_events_however_the_document_is_cut) {
    for (const xml_options& how :
         {xml_options(), xml_options().comments().instructions().namespaces()}) {
        const std::string whole = events_of(everything, how);
        std::vector<std::string_view> bytes;
        for (std::size_t at = 0; at < everything.size(); ++at) {
            bytes.push_back(everything.substr(at, 1));
            ASSERT_EQ(fed({everything.substr(0, at), everything.substr(at)}, how), whole) << at;
            ASSERT_EQ(pulled(everything, at + 1, how), whole) << at;
        }
        EXPECT_EQ(fed(bytes, how), whole);
    }
}

TEST(xml_parser, expands_names_of_namespaces) {
    const weft::xml_options how = xml_options().namespaces();
    const std::string_view text = "<a xmlns='u:1' xmlns:p='u:2' p:x='1' y='2'><p:b/></a>";
    EXPECT_EQ(events_of(text, how), "+u:1 a(u:2 x=1)(y=2) +u:2 b -u:2 b -u:1 a");
    EXPECT_EQ(events_of(text), "+a(xmlns=u:1)(xmlns:p=u:2)(p:x=1)(y=2) +p:b -p:b -a");
    for (event e : weft::xml_events(weft::xml_text("<p:b xmlns:p='u:2' c='3'/>"), how)) {
        EXPECT_EQ(e.local_name(), "b");
        EXPECT_EQ(e.namespace_uri(), "u:2");
        EXPECT_TRUE(e.has_name("u:2 b"));
        EXPECT_EQ(e.attribute("c").value_or("none"), e.is_start() ? "3" : "none");
        EXPECT_EQ(e.attribute("d"), std::nullopt);
    }
    EXPECT_EQ(error_of("<p:a/>", how), "XML:1:1: unbound prefix");
}

TEST(xml_parser, decodes_what_the_document_is_encoded_in) {
    EXPECT_EQ(events_of("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4\n\xf6</a>"),
              "+a '\xc3\xa4\n\xc3\xb6' -a");
    EXPECT_EQ(events_of("<a>\xe4</a>", xml_options().encoding("ISO-8859-1")), "+a '\xc3\xa4' -a");
    std::string wide = "\xff\xfe";
    for (const char c : std::string_view("<a b='1'>x\n<c/></a>")) (wide += c) += '\0';
    EXPECT_EQ(events_of(wide), "+a(b=1) 'x\n' +c -c -a");
    EXPECT_EQ(error_of("<?xml version='1.0' encoding='klingon'?><a/>"),
              "XML:1:31: unknown encoding: UTF-8, UTF-16, ISO-8859-1 and US-ASCII are known");
}

TEST(xml_parser, says_where_a_document_is_wrong) {
    EXPECT_EQ(error_of("<a>\n  \xc3\xa4<b></c></a>"),
              "+a '\n  \xc3\xa4' +b | XML:2:9: mismatched tag");
    EXPECT_EQ(error_of(""), "XML:1:1: no element found");
    EXPECT_EQ(error_of("<a>\n<b>x"),
              "+a '\n' +b | XML:2:5: the document ends inside of 2 elements that are open");
    EXPECT_EQ(error_of("<a>x</a><b/>"), "+a 'x' -a | XML:1:9: junk after document element");
    EXPECT_EQ(error_of("<a>&nbsp;</a>", xml_options().name("page.xml")),
              "+a | page.xml:1:4: undefined entity");
    std::string all;
    try {
        xml_parse(weft::xml_text("<a>\n\xc3\xa4&</a>"), write_down(all));
        FAIL();
    } catch (const weft::xml_error& e) {
        EXPECT_EQ(e.source(), "XML");
        EXPECT_EQ(e.line(), 2U);
        EXPECT_EQ(e.column(), 3U);
        EXPECT_EQ(e.offset(), 7U);
        EXPECT_EQ(e.reason(), "not well-formed (invalid token)");
    }
}

}  // namespace
