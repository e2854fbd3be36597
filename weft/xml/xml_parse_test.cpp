#include "weft/xml/xml_parse.hpp"

#include "weft/core/await.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/stream/memory_pipe.hpp"
#include "weft/xml/xml_events.hpp"
#include "weft/xml/xml_test.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

using namespace weft::xml_test;
using weft::receive;
using weft::xml_options;
using weft::xml_text;

struct failure {};

weft::consumer<event> fail_at(std::string name, std::string& all) {
    for (;;) {
        event e = co_await receive;
        all += told(e) + " ";
        if (e.is_start(name)) throw failure();
    }
}

weft::consumer<event> end_at(std::string name, std::string& all) {
    for (;;) {
        event e = co_await receive;
        all += told(e) + " ";
        if (e.is_end(name)) co_return;
    }
}

TEST(xml_parse, lets_the_error_of_a_consumer_through) {
    std::string all;
    EXPECT_THROW(xml_parse(xml_text("<a>x<b/>y<c/></a>"), fail_at("b", all)), failure);
    EXPECT_EQ(all, "+a 'x' +b ");
    weft::xml_parser parser(fail_at("b", all = {}));
    EXPECT_THROW(parser.feed("<a><b/></a>"), failure);
    EXPECT_TRUE(parser.has_ended());
    EXPECT_THROW(parser.feed("<c/>"), failure);
    EXPECT_THROW(parser.finish(), failure);
    EXPECT_EQ(all, "+a +b ");
}

TEST(xml_parse, stops_when_the_consumer_ends) {
    std::string all;
    std::vector<std::string> pieces{"<a><b>1</b><c/>", "no XML <<<"};
    xml_parse(weft::xml_chunks(pieces), end_at("b", all));
    EXPECT_EQ(all, "+a +b '1' -b ");
    weft::xml_parser parser(end_at("b", all = {}));
    EXPECT_FALSE(parser.feed("<a><b/></a>"));
    EXPECT_FALSE(parser.feed("<<<"));
    EXPECT_TRUE(parser.room(10).empty());
    parser.finish();
    EXPECT_EQ(all, "+a +b -b ");
}

weft::consumer<weft::xml_event> by_value(std::string& all) {
    try {
        for (;;) {
            weft::xml_event e = co_await receive;
            all += told(e) + " ";
        }
    } catch (const weft::generator_exit&) {
        all += "closed";
        throw std::runtime_error("the disk is full");
    }
}

TEST(xml_parse, takes_consumers_of_values_and_throws_what_their_end_throws) {
    std::string all;
    EXPECT_EQ(thrown<std::runtime_error>([&] { xml_parse(xml_text("<a>x</a>"), by_value(all)); }),
              "the disk is full");
    EXPECT_EQ(all, "+a 'x' -a closed");
}

TEST(xml_parse, gives_text_with_the_end_tag_when_asked) {
    EXPECT_EQ(events_of("<a> x<b>1</b> </a>", xml_options().text_with_end()), "+a ' x' +b -b -a");
    std::string all;
    for (event e : weft::xml_events(xml_text("<a> x<b>1&lt;\n2</b><c> </c>\n</a>"),
                                    xml_options().text_with_end().skip_blank_text()))
        all += told(e) + (e.is_end() ? "=" + std::string(e.text()) + " " : " ");
    EXPECT_EQ(all, "+a ' x' +b -b=1<\n2 +c -c= -a= ");
}

weft::consumer<event> note_places(std::string& all) {
    for (;;) {
        event e = co_await receive;
        const weft::xml_position at = e.position();
        all += told(e) + "@" + std::to_string(at.line()) + ":" + std::to_string(at.column()) + "+" +
               std::to_string(at.offset()) + "/" + std::to_string(e.depth()) + " ";
    }
}

TEST(xml_parse, knows_the_place_of_each_event) {
    const std::string_view text = "<a>\n <b>x</b><c/></a>";
    const std::string expected =
        "+a@1:1+0/1 '\n '@2:2+5/1 +b@2:2+5/2 'x'@2:6+9/2 -b@2:6+9/2 +c@2:10+13/2 -c@2:14+17/2 "
        "-a@2:14+17/1 ";
    std::string all;
    xml_parse(xml_text(text), note_places(all));
    EXPECT_EQ(all, expected);
    all.clear();
    auto note = note_places(all);
    for (event e : weft::xml_events(xml_text(text))) note.send(e);
    EXPECT_EQ(all, expected);
}

TEST(xml_parse, refuses_what_goes_beyond_a_limit) {
    const auto error = [](std::string_view text, const xml_options& how) {
        const std::string all = error_of(text, how);
        // The same one byte at a time, and pulled.
        std::string events;
        weft::xml_parser parser(write_down(events), how);
        EXPECT_EQ(thrown<weft::xml_error>([&] {
                      for (const char c : text) parser.feed(std::string_view(&c, 1));
                      parser.finish();
                  }),
                  all.substr(all.find("XML:")));
        events.clear();
        EXPECT_EQ(thrown<weft::xml_error>([&] {
                      for (event e : weft::xml_events(xml_text(text), how))
                          events += (events.empty() ? "" : " ") + told(e);
                  }),
                  all.substr(all.find("XML:")));
        EXPECT_EQ(events + (events.empty() ? "" : " | "), all.substr(0, all.find("XML:")));
        return all;
    };
    EXPECT_EQ(error("<a><a><a/></a></a>", xml_options().depth_max(2)),
              "+a +a | XML:1:7: more than 2 elements inside each other: xml_options::depth_max() "
              "sets this limit");
    EXPECT_EQ(error("<a b='' c=''/>", xml_options().attributes_max(1)),
              "XML:1:1: more than 1 attributes of an element: xml_options::attributes_max() sets "
              "this limit");
    EXPECT_EQ(error("<abcde/>", xml_options().name_bytes_max(4)),
              "XML:1:1: more than 4 bytes in the name of an element: "
              "xml_options::name_bytes_max() sets this limit");
    EXPECT_EQ(error("<a abcde=''/>", xml_options().name_bytes_max(4)),
              "XML:1:1: more than 4 bytes in the name of an attribute: "
              "xml_options::name_bytes_max() sets this limit");
    EXPECT_EQ(error("<a b='12345'/>", xml_options().attribute_bytes_max(4)),
              "XML:1:1: more than 4 bytes in the value of an attribute: "
              "xml_options::attribute_bytes_max() sets this limit");
    EXPECT_NE(error_of("<a>12\n34\n</a>", xml_options().text_bytes_max(4))
                  .find("more than 4 bytes of text between two tags: "
                        "xml_options::text_bytes_max() sets this limit"),
              std::string::npos);
    EXPECT_EQ(events_of("<a>1234<b/>1234</a>", xml_options().text_bytes_max(4)),
              "+a '1234' +b -b '1234' -a");
    EXPECT_EQ(error("<!DOCTYPE a><a/>", xml_options().doctype(false)).substr(0, 53),
              "XML:1:12: a document type declaration is not allowed ");
}

TEST(xml_parse, bounds_what_is_kept_of_an_unfinished_tag) {
    const std::string big(100'000, 'x');
    for (const std::string& text :
         {"<!--" + big, "<a b='" + big, "<a><!--" + big, "<a>&" + big, "<?p " + big,
          "<!DOCTYPE a [<!ENTITY e '" + big, "<a><b><![CDATA[x]]><" + big}) {
        std::string all;
        weft::xml_parser parser(write_down(all), xml_options().markup_bytes_max(5000));
        std::size_t fed = 0;
        const std::string what = thrown<weft::xml_error>([&] {
            for (; fed < text.size(); fed += 1000) parser.feed(text.substr(fed, 1000));
        });
        EXPECT_NE(what.find("more than 5000 bytes in one tag, comment or declaration"),
                  std::string::npos)
            << text.substr(0, 20) << what;
        EXPECT_LT(fed, 8000U) << text.substr(0, 20);
    }
    // Text is no tag.
    EXPECT_EQ(events_of("<a>" + big + "</a>", xml_options().markup_bytes_max(10)).size(),
              big.size() + 8);
}

TEST(xml_parse, loads_nothing_and_expands_little) {
    std::string laughs = "<!DOCTYPE l [<!ENTITY l0 'laugh'>";
    for (int i = 1; i < 12; ++i) {
        const std::string name = "&l" + std::to_string(i - 1) + ";";
        laughs += "<!ENTITY l" + std::to_string(i) + " '";
        for (int n = 0; n < 10; ++n) laughs += name;
        laughs += "'>";
    }
    laughs += "]><l>&l11;</l>";
    EXPECT_NE(error_of(laughs).find("entities make the document more than 100 times larger: "
                                    "xml_options::expansion_max() sets this limit"),
              std::string::npos);
    EXPECT_EQ(error_of("<!DOCTYPE a [<!ENTITY e SYSTEM '/etc/passwd'>]><a>x&e;</a>"),
              "+a | XML:1:52: the external entity 'e' (/etc/passwd) is not loaded: put its text "
              "into the document");
    EXPECT_EQ(error_of("<!DOCTYPE html PUBLIC 'p' 's'><a>&nbsp;</a>"),
              "+a | XML:1:34: the entity 'nbsp' is declared outside of the document, which is not "
              "loaded: declare it inside, or write its text");
    EXPECT_EQ(thrown<weft::usage_error>([] { events_of("<a/>", xml_options().expansion_max(0)); }),
              "xml_options::expansion_max(): a document is at least as large as it is: give 1 or "
              "more");
}

TEST(xml_parser, is_not_fed_by_its_consumer_nor_after_its_end) {
    weft::xml_parser* self = nullptr;
    weft::xml_parser parser([](weft::xml_parser*& p) -> weft::consumer<event> {
        for (;;) {
            [[maybe_unused]] event e = co_await receive;
            p->feed("<again/>");
        }
    }(self));
    self = &parser;
    EXPECT_EQ(thrown<weft::already_executing>([&] { parser.feed("<a/>"); }),
              "room(): this parser is sending an event: its consumer cannot feed it");
    std::string all;
    weft::xml_parser done(write_down(all));
    done.feed("<a/>");
    done.finish();
    EXPECT_EQ(thrown<weft::usage_error>([&] { done.feed(" "); }),
              "room(): the document was finished: another one takes another parser");
}

TEST(xml_file, names_itself_in_errors) {
    EXPECT_EQ(thrown<std::system_error>([] { static_cast<void>(weft::xml_file("/no/file")); }),
              "reading /no/file: No such file or directory");
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const weft::unique_fd read(ends[0]);
    ASSERT_EQ(::write(ends[1], "<a>\n</b>", 8), 8);
    ::close(ends[1]);
    std::string all;
    const std::string name = weft::describe_fd(read.get());
    EXPECT_EQ(
        thrown<weft::xml_error>([&] { xml_parse(weft::xml_file(read.get()), write_down(all)); }),
        name + ":2:3: mismatched tag");
}

weft::task<> write_slowly(weft::memory_pipe_writer to, std::string_view text) {
    for (const char& c : text) co_await to.write_all(std::string_view(&c, 1));
}

TEST(xml_parse, reads_streams_of_the_loop) {
    weft::testing::on_every_loop([] {
        std::string all;
        weft::memory_pipe pipe;
        auto writing = weft::spawn(write_slowly, std::move(pipe.writer),
                                   std::string_view("<a>&lt;x<b c='d'/></a>"));
        weft::await(xml_parse(pipe.reader, write_down(all), xml_options().name("stream")));
        weft::await(writing);
        EXPECT_EQ(all, "+a '<x' +b(c=d) -b -a");
    });
}

weft::consumer<event> write_down_and_yield(std::string& all) {
    for (;;) {
        event e = co_await receive;
        all += told(e) + " ";
        weft::await(weft::yield_now());
    }
}

TEST(xml_parse, may_send_to_a_consumer_that_awaits_in_a_fiber) {
    weft::testing::on_every_loop([] {
        std::string all;
        int turns = 0;
        auto other = weft::spawn([&] {
            while (turns++ < 5) weft::await(weft::yield_now());
        });
        xml_parse(xml_text("<a>x</a>"), write_down_and_yield(all));
        weft::await(other);
        EXPECT_EQ(all, "+a 'x' -a ");
    });
}

}  // namespace
