#include "weft/pipeline/grep.hpp"

#include "weft/base/error.hpp"
#include "weft/file/file_test.hpp"
#include "weft/pipeline/sinks.hpp"

#include <gtest/gtest.h>
#include <random>

namespace {

using namespace weft::file_test;
using strings = std::vector<std::string>;

template <class Range>
strings collect(Range&& range) {
    strings all;
    for (std::string_view line : range) all.emplace_back(line);
    return all;
}

/// The lines of a text that pass, by whole blocks, and the same line by line.
strings by_blocks(std::string_view text, const weft::grep_stage& stage) {
    // Where a reader's block is followed by its padding, there may be anything.
    const std::string padded = std::string(text) + std::string(weft::line_buffer::padding, 'a');
    strings found;
    std::string_view line;
    for (weft::line_search search(stage, std::string_view(padded).substr(0, text.size()));
         search.next(line);)
        found.emplace_back(line);
    return found;
}
strings by_lines(std::string_view text, const weft::grep_stage& stage) {
    return collect(plain_lines(text) | stage);
}

TEST(grep, hands_on_the_lines_with_the_pattern) {
    const strings text{"no snakes here", "python coroutines rock!", "a Python"};
    EXPECT_EQ(collect(text | weft::grep("python")), strings{"python coroutines rock!"});
    EXPECT_EQ(collect(text | weft::grep("python").invert()),
              (strings{"no snakes here", "a Python"}));
    EXPECT_EQ(collect(text | weft::grep("pytHon").ignore_case()),
              (strings{"python coroutines rock!", "a Python"}));
    EXPECT_EQ(collect(text | weft::grep(weft::regex("^[a-z]+ [sc]"))),
              (strings{"no snakes here", "python coroutines rock!"}));
    EXPECT_EQ(collect(text | weft::grep(weft::regex("PYTHON$")).ignore_case()),
              strings{"a Python"});
}

TEST(grep, pushes_and_pulls_the_same) {
    strings found;
    auto push = weft::grep("a") | weft::append_to(found);
    for (const char* line : {"xay", "b", "a"}) push.send(line);
    EXPECT_EQ(found, (strings{"xay", "a"}));
}

TEST(grep, hands_on_strings_as_the_objects_they_are) {
    strings text{"ab", "b"};
    for (std::string& line : text | weft::grep("a")) line = "changed";
    EXPECT_EQ(text, (strings{"changed", "b"}));
}

TEST(grep, refuses_a_pattern_with_a_newline) {
    EXPECT_THROW(static_cast<void>(weft::grep("a\nb")), weft::usage_error);
}

TEST(grep, finds_the_same_lines_by_blocks) {
    const std::string_view text("a\r\n\nb\0a\n\n\nxa", 13);
    for (const char* pattern : {"a", "", "\r", "zz", "aa"}) {
        EXPECT_EQ(by_blocks(text, weft::grep(pattern)), by_lines(text, weft::grep(pattern)));
        const auto inverted = weft::grep(pattern).invert();
        EXPECT_EQ(by_blocks(text, inverted), by_lines(text, inverted));
    }
    EXPECT_EQ(by_blocks("a\n", weft::grep("")), strings{"a"});
    EXPECT_EQ(by_blocks("\n", weft::grep("")), strings{""});
    EXPECT_EQ(by_blocks("", weft::grep("")), strings{});
}

TEST(grep, finds_the_same_lines_by_blocks_in_any_text) {
    std::mt19937 random(3);
    for (int round = 0; round < 5000; ++round) {
        std::string text(random() % 200, 'a');
        for (char& c : text) c = "aabA\n\r"[random() % 6];
        std::string pattern(random() % 4, 'a');
        for (char& c : pattern) c = "abA\r"[random() % 4];
        weft::grep_stage stage =
            random() % 3 == 0 ? weft::grep(weft::regex(pattern + "b*$")) : weft::grep(pattern);
        if (random() % 2 == 0) stage.ignore_case();
        if (random() % 2 == 0) stage.invert();
        ASSERT_EQ(by_blocks(text, stage), by_lines(text, stage))
            << "'" << stage.pattern() << "' in '" << text << "'";
    }
}

std::string log_text() {
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += std::to_string(i) + (i % 7 == 0 ? " a python line\n" : " another line\r\n");
    return text + "the last python, without an end";
}

TEST(lines, gives_the_lines_of_a_file) {
    const folder tmp;
    write_file(tmp / "log", log_text());
    EXPECT_EQ(collect(weft::lines(tmp / "log").block_bytes(100)), plain_lines(log_text()));
    write_file(tmp / "empty", "");
    EXPECT_EQ(collect(weft::lines(tmp / "empty")), strings{});
}

TEST(lines, names_the_file_that_it_cannot_open) {
    EXPECT_EQ(error_text<std::system_error>([] { static_cast<void>(weft::lines("/no/such")); }),
              "reading /no/such: No such file or directory");
}

TEST(lines, reads_a_descriptor_and_gives_lines_by_next) {
    pipe_ends pipe;
    pipe.put("one\ntwo");
    pipe.write.reset();
    auto source = weft::lines(pipe.read.get());
    EXPECT_TRUE(source.untouched());
    EXPECT_EQ(*source.next(), "one");
    EXPECT_FALSE(source.untouched());
    EXPECT_EQ(*source.next(), "two");
    EXPECT_FALSE(source.next());
}

TEST(lines, searched_by_grep_gives_what_is_found_line_by_line) {
    const folder tmp;
    write_file(tmp / "log", log_text());
    const auto python = weft::grep("python");
    const strings expected = by_lines(log_text(), python);
    EXPECT_EQ(expected.size(), 716U);
    EXPECT_EQ(collect(weft::lines(tmp / "log").block_bytes(1000) | python), expected);
    std::size_t counted = 0;
    strings found;
    weft::lines(tmp / "log") | (python | weft::count(counted) | weft::append_to(found));
    EXPECT_EQ(found, expected);
    EXPECT_EQ(counted, expected.size());
}

TEST(lines, may_be_taken_from_before_it_is_searched) {
    const folder tmp;
    write_file(tmp / "log", "a1\nb\na2\na3\n");
    auto source = weft::lines(tmp / "log");
    EXPECT_EQ(*source.next(), "a1");
    EXPECT_EQ(collect(source | weft::grep("a")), (strings{"a2", "a3"}));
    auto borrowed = weft::lines(tmp / "log");
    EXPECT_EQ(collect(borrowed | weft::grep("a") | weft::take(2)), (strings{"a1", "a2"}));
}

}  // namespace
