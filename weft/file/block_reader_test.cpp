#include "weft/file/block_reader.hpp"

#include "weft/file/file_test.hpp"

#include <gtest/gtest.h>
#include <system_error>

namespace {

using namespace weft::file_test;

std::string read_all(weft::block_reader& reader) {
    std::string all;
    for (std::string_view block = reader.next(); !block.empty(); block = reader.next())
        all += block;
    return all;
}

TEST(block_reader, reads_a_file_by_blocks_of_whole_lines) {
    const folder tmp;
    std::string text;
    for (int i = 0; i < 10000; ++i) text += "line " + std::to_string(i) + "\n";
    text += "no end";
    write_file(tmp / "log", text);
    weft::block_reader reader(tmp / "log");
    reader.block_bytes(1000);
    std::string all;
    int blocks = 0;
    for (std::string_view block = reader.next(); !block.empty(); block = reader.next()) {
        all += block;
        ++blocks;
        EXPECT_TRUE(block.back() == '\n' || all.size() == text.size());
    }
    EXPECT_EQ(all, text);
    EXPECT_GT(blocks, 50);
    EXPECT_EQ(reader.bytes(), text.size());
    EXPECT_EQ(reader.next(), "");
}

TEST(block_reader, names_the_file_that_it_cannot_read) {
    const folder tmp;
    const auto missing = [&] { weft::block_reader reader(tmp / "none"); };
    EXPECT_EQ(error_text<std::system_error>(missing),
              "reading " + (tmp / "none") + ": No such file or directory");
    const auto directory = [&] { static_cast<void>(weft::block_reader(tmp.path()).next()); };
    EXPECT_EQ(error_text<std::system_error>(directory),
              "reading " + tmp.path() + ": Is a directory");
}

TEST(block_reader, refuses_a_line_longer_than_its_limit) {
    const folder tmp;
    write_file(tmp / "log", std::string(5000, 'x'));
    weft::block_reader reader(tmp / "log");
    reader.block_bytes(64).line_bytes_max(1000);
    const std::string text =
        error_text<std::system_error>([&] { static_cast<void>(reader.next()); });
    EXPECT_NE(text.find("a line is longer than the limit of 1000 bytes"), text.npos) << text;
    EXPECT_NE(text.find(tmp / "log"), text.npos) << text;
}

TEST(block_reader, gives_what_a_pipe_has_without_waiting_for_more) {
    const pipe_ends pipe;
    weft::block_reader reader(pipe.read.get(), "a pipe");
    pipe.put("one\ntwo\nthr");
    EXPECT_EQ(reader.next(), "one\ntwo\n");
    pipe.put("ee\n");
    EXPECT_EQ(reader.next(), "three\n");
}

TEST(block_reader, tells_that_it_is_idle_before_it_waits) {
    pipe_ends pipe;
    weft::block_reader reader(pipe.read.get(), "a pipe");
    int idle = 0;
    reader.on_idle([&] {
        if (++idle == 1) pipe.put("one\n");
        if (idle == 2) pipe.write.reset();
    });
    EXPECT_EQ(read_all(reader), "one\n");
    EXPECT_EQ(idle, 2);
}

TEST(block_reader, ends_when_it_is_told_to_stop) {
    pipe_ends pipe;
    pipe_ends stop;
    weft::block_reader reader(pipe.read.get(), "a pipe");
    reader.stop_on(stop.read.get()).on_idle([&] { stop.put("x"); });
    pipe.put("one\nbegun");
    EXPECT_EQ(read_all(reader), "one\nbegun");
}

TEST(block_reader, waits_for_a_descriptor_that_does_not_block) {
    pipe_ends pipe;
    ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
    weft::block_reader reader(pipe.read.get(), "a pipe");
    reader.on_idle([&] {
        pipe.put("one\n");
        pipe.write.reset();
    });
    EXPECT_EQ(read_all(reader), "one\n");
}

}  // namespace
