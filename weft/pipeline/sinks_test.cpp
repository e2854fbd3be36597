#include "weft/pipeline/sinks.hpp"

#include "weft/file/file_test.hpp"
#include "weft/pipeline/stages.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <system_error>

namespace {

using namespace weft::file_test;
using strings = std::vector<std::string>;

TEST(append_to, keeps_the_text_of_lines) {
    strings lines;
    std::string text = "one";
    auto sink = weft::append_to(lines);
    sink.send(text);
    text = "two";
    sink.send(text);
    EXPECT_EQ(lines, (strings{"one", "two"}));
}

TEST(for_each, takes_its_item_type_from_the_function_or_from_the_caller) {
    std::size_t size = 0;
    auto typed = weft::for_each([&](const std::string& s) { size += s.size(); });
    typed.send(std::string("abc"));
    auto generic = weft::for_each<int>([&](auto n) { size += static_cast<std::size_t>(n); });
    generic.send(4);
    EXPECT_EQ(size, 7U);
}

TEST(print_to, writes_lines_to_a_descriptor_and_flushes_when_closed) {
    const pipe_ends pipe;
    auto print = weft::print_to(pipe.write.get());
    print.send("one");
    print.send("");
    print.close();
    char text[16];
    EXPECT_EQ(::read(pipe.read.get(), text, sizeof text), 5);
    EXPECT_EQ(std::string_view(text, 5), "one\n\n");
}

TEST(print_to, writes_through_stdio) {
    const folder tmp;
    std::FILE* const file = std::fopen((tmp / "out").c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fputs("before ", file);
    EXPECT_EQ((strings{"one", "two"} | weft::print_to(file)), 2U);
    EXPECT_EQ(read_file(tmp / "out"), "before one\ntwo\n");
    std::fclose(file);
}

TEST(print_to, can_be_flushed_in_between) {
    const folder tmp;
    weft::line_writer out(tmp / "out", weft::line_writer::mode::truncate);
    auto print = weft::print_to(out);
    print.send("one");
    EXPECT_EQ(read_file(tmp / "out"), "");
    out.flush();
    EXPECT_EQ(read_file(tmp / "out"), "one\n");
}

TEST(print_to, ends_when_nobody_reads_any_more) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    pipe_ends pipe;
    pipe.read.reset();
    const std::string line(1000, 'x');
    auto print = weft::print_to(pipe.write.get());
    int sent = 0;
    while (sent < 1000 && print.send(line)) ++sent;
    EXPECT_LT(sent, 1000);
    EXPECT_EQ(print.state(), weft::generator_state::closed);
    std::signal(SIGPIPE, before);
}

TEST(print_to, throws_the_error_of_the_last_flush_from_close) {
    weft::line_writer full("/dev/full", weft::line_writer::mode::append);
    auto print = weft::filter([](std::string_view) { return true; }) | weft::print_to(full);
    print.send("one");
    EXPECT_EQ(error_text<std::system_error>([&] { print.close(); }),
              "writing /dev/full: No space left on device");
    std::FILE* const file = std::fopen("/dev/full", "w");
    auto stdio = weft::print_to(file);
    stdio.send("one");
    EXPECT_THROW(stdio.close(), std::system_error);
    std::fclose(file);
}

}  // namespace
