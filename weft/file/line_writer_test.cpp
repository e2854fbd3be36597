#include "weft/file/line_writer.hpp"

#include "weft/file/file_test.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <system_error>

namespace {

using namespace weft::file_test;
using mode = weft::line_writer::mode;

TEST(line_writer, writes_lines_and_truncates_or_appends) {
    const folder tmp;
    { weft::line_writer(tmp / "out", mode::truncate).write_line("one"); }
    EXPECT_EQ(read_file(tmp / "out"), "one\n");
    { weft::line_writer(tmp / "out", mode::append).write_line("two"); }
    EXPECT_EQ(read_file(tmp / "out"), "one\ntwo\n");
    { weft::line_writer(tmp / "out", mode::truncate).write_line("three"); }
    EXPECT_EQ(read_file(tmp / "out"), "three\n");
}

TEST(line_writer, keeps_the_order_of_lines_of_any_length) {
    const folder tmp;
    std::string expected;
    {
        weft::line_writer out(tmp / "out", mode::truncate);
        for (const std::size_t size : {0, 10, 65535, 65536, 1, 65534, 200000, 0, 3, 65537}) {
            const std::string line(size, static_cast<char>('a' + size % 26));
            EXPECT_TRUE(out.write_line(line));
            expected += line + "\n";
        }
        EXPECT_TRUE(out.flush());
        EXPECT_EQ(read_file(tmp / "out"), expected);
    }
    EXPECT_EQ(read_file(tmp / "out"), expected);
}

TEST(line_writer, takes_a_closed_pipe_for_its_end_and_not_for_an_error) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    pipe_ends pipe;
    weft::line_writer out(pipe.write.get(), "a pipe");
    pipe.read.reset();
    EXPECT_TRUE(out.write_line("into the buffer"));
    EXPECT_FALSE(out.flush());
    EXPECT_TRUE(out.closed());
    EXPECT_FALSE(out.write_line("dropped"));
    EXPECT_FALSE(out.flush());
    std::signal(SIGPIPE, before);
}

TEST(line_writer, names_the_full_disk_once) {
    weft::line_writer out("/dev/full", mode::append);
    out.write_line("one");
    EXPECT_EQ(error_text<std::system_error>([&] { out.flush(); }),
              "writing /dev/full: No space left on device");
    EXPECT_TRUE(out.flush());  // What could not be written is gone.
}

TEST(line_writer, names_the_file_that_it_cannot_write) {
    EXPECT_EQ(error_text<std::system_error>(
                  [] { weft::line_writer out("/no/such/folder", mode::append); }),
              "writing /no/such/folder: No such file or directory");
}

}  // namespace
