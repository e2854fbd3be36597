#include "weft/file/watch.hpp"

#include "weft/file/file_test.hpp"

#include <gtest/gtest.h>

namespace {

using namespace weft::file_test;
using news = weft::watch::news;
namespace fs = std::filesystem;
constexpr std::chrono::milliseconds no_time(0);

/// Past the first `wait()`, which only sets the watches.
weft::watch armed(const std::string& path) {
    weft::watch watch(path);
    EXPECT_EQ(watch.wait(no_time), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    return watch;
}

TEST(watch, first_returns_at_once_with_the_watches_set) {
    const folder tmp;
    write_file(tmp / "log", "");
    weft::watch watch(tmp / "log");
    EXPECT_TRUE(watch.is_stale());
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_FALSE(watch.is_stale());
    append_file(tmp / "log", "x");
    EXPECT_EQ(watch.wait(), news::changed);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
}

TEST(watch, tells_of_a_truncation) {
    const folder tmp;
    write_file(tmp / "log", "text");
    auto watch = armed(tmp / "log");
    fs::resize_file(tmp / "log", 0);
    EXPECT_EQ(watch.wait(), news::changed);
}

TEST(watch, tells_of_a_file_that_is_renamed_created_and_deleted) {
    const folder tmp;
    write_file(tmp / "log", "");
    auto watch = armed(tmp / "log");
    fs::rename(tmp / "log", tmp / "log.1");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    write_file(tmp / "log", "");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    append_file(tmp / "log", "x");
    EXPECT_EQ(watch.wait(), news::changed);
    fs::remove(tmp / "log");
    EXPECT_EQ(watch.wait(), news::moved);
}

TEST(watch, waits_for_directories_that_are_not_there_yet) {
    const folder tmp;
    auto watch = armed(tmp / "a/b/log");
    fs::create_directory(tmp / "a");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    fs::create_directory(tmp / "a/b");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    write_file(tmp / "a/b/log", "");
    EXPECT_EQ(watch.wait(), news::moved);
}

TEST(watch, notices_that_a_directory_above_was_moved_away) {
    const folder tmp;
    fs::create_directories(tmp / "a/b");
    write_file(tmp / "a/b/log", "");
    auto watch = armed(tmp / "a/b/log");
    fs::rename(tmp / "a", tmp / "old");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    fs::create_directory(tmp / "a");
    EXPECT_EQ(watch.wait(), news::moved);
}

TEST(watch, follows_a_symbolic_link_to_its_target_and_to_a_new_one) {
    const folder tmp;
    fs::create_directory(tmp / "logs");
    write_file(tmp / "logs/1", "");
    fs::create_symlink("logs/1", tmp / "current");
    auto watch = armed(tmp / "current");
    append_file(tmp / "logs/1", "x");
    EXPECT_EQ(watch.wait(), news::changed);
    fs::rename(tmp / "logs/1", tmp / "logs/0");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    write_file(tmp / "logs/1", "");
    EXPECT_EQ(watch.wait(), news::moved);
    fs::create_symlink("logs/2", tmp / "next");
    fs::rename(tmp / "next", tmp / "current");
    EXPECT_EQ(watch.wait(), news::moved);
}

TEST(watch, says_nothing_of_other_files) {
    const folder tmp;
    write_file(tmp / "log", "");
    auto watch = armed(tmp / "log");
    write_file(tmp / "other", "x");
    fs::remove(tmp / "other");
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
}

TEST(watch, holds_on_to_a_file_that_was_renamed) {
    const folder tmp;
    write_file(tmp / "log", "");
    const weft::unique_fd file(::open((tmp / "log").c_str(), O_RDONLY | O_CLOEXEC));
    weft::watch watch(tmp / "log");
    watch.hold(file.get());
    EXPECT_EQ(watch.wait(), news::moved);
    fs::rename(tmp / "log", tmp / "log.1");
    EXPECT_EQ(watch.wait(), news::moved);
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    append_file(tmp / "log.1", "x");
    EXPECT_EQ(watch.wait(), news::changed);
}

TEST(watch, stops_when_it_is_told_to) {
    const folder tmp;
    const pipe_ends stop;
    auto watch = armed(tmp / "log");
    watch.stop_on(stop.read.get());
    EXPECT_FALSE(watch.stopped());
    EXPECT_EQ(watch.wait(no_time), news::timed_out);
    stop.put("x");
    EXPECT_TRUE(watch.stopped());
    EXPECT_EQ(watch.wait(), news::stopped);
    EXPECT_EQ(watch.wait(), news::stopped);
}

TEST(watch, works_in_the_current_directory) {
    const folder tmp;
    const fs::path before = fs::current_path();
    fs::current_path(tmp.path());
    auto watch = armed("log");
    write_file("log", "");
    EXPECT_EQ(watch.wait(), news::moved);
    fs::current_path(before);
}

}  // namespace
