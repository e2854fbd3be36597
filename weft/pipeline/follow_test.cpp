#include "weft/pipeline/follow.hpp"

#include "weft/file/file_test.hpp"
#include "weft/pipeline/grep.hpp"
#include "weft/pipeline/sinks.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <system_error>
#include <thread>

namespace {

using namespace weft::file_test;
namespace fs = std::filesystem;
using strings = std::vector<std::string>;
using steps = std::vector<std::function<void()>>;

/// Follows a file; takes one step each time it is about to wait, and stops it after the last.
strings follow_through(weft::follow_source source, steps todo) {
    const pipe_ends stop;
    std::size_t next = 0;
    source.stop_on(stop.read.get()).on_idle([&] {
        if (next < todo.size())
            todo[next++]();
        else
            stop.put("x");
    });
    strings lines;
    for (std::string_view line : source) lines.emplace_back(line);
    EXPECT_EQ(next, todo.size());
    return lines;
}

class follow : public testing::Test {
protected:
    folder tmp;
    std::string log = tmp / "log";
    std::function<void()> append(std::string text) const {
        return [this, text] { append_file(log, text); };
    }
    std::function<void()> create(std::string text) const {
        return [this, text] { write_file(log, text); };
    }
    std::function<void()> rename(std::string to) const {
        return [this, to] { fs::rename(log, tmp / to); };
    }
};

TEST_F(follow, gives_the_lines_that_are_appended_after_the_call) {
    write_file(log, "before\n");
    auto source = weft::follow(log);
    append_file(log, "one\n");  // After the call, before the first line is asked for.
    EXPECT_EQ(follow_through(std::move(source), {append("two\nthree\n"), append("four\n")}),
              (strings{"one", "two", "three", "four"}));
}

TEST_F(follow, gives_what_was_there_before_when_asked) {
    write_file(log, "before\n");
    EXPECT_EQ(follow_through(weft::follow(log).from_start(), {append("one\n")}),
              (strings{"before", "one"}));
}

TEST_F(follow, keeps_a_line_until_its_end_is_written_or_cannot_come) {
    write_file(log, "");
    EXPECT_EQ(follow_through(weft::follow(log), {append("be"), append("gun\nlast")}),
              (strings{"begun", "last"}));
}

TEST_F(follow, begins_anew_when_the_file_is_truncated) {
    write_file(log, "");
    EXPECT_EQ(
        follow_through(weft::follow(log),
                       {append("one\npart"), [&] { fs::resize_file(log, 0); }, append("two\n")}),
        (strings{"one", "part", "two"}));
}

TEST_F(follow, notices_a_truncation_when_the_file_is_longer_again) {
    write_file(log, "");
    EXPECT_EQ(follow_through(weft::follow(log), {append("one\n"), create("another\nand more\n")}),
              (strings{"one", "another", "and more"}));
}

TEST_F(follow, survives_a_copy_and_truncate) {
    write_file(log, "");
    EXPECT_EQ(follow_through(weft::follow(log), {append("one\ntwo\n"),
                                                 [&] {
                                                     fs::copy_file(log, tmp / "log.1");
                                                     fs::resize_file(log, 0);
                                                     append_file(log, "three\n");
                                                 },
                                                 append("four\n")}),
              (strings{"one", "two", "three", "four"}));
}

TEST_F(follow, goes_to_the_new_file_after_a_rotation) {
    write_file(log, "");
    EXPECT_EQ(follow_through(weft::follow(log), {append("one\n"), rename("log.1"), create("two\n"),
                                                 append("three\n")}),
              (strings{"one", "two", "three"}));
}

TEST_F(follow, reads_what_the_writer_still_adds_to_the_renamed_file) {
    write_file(log, "");
    const auto late = [&](std::string text) {
        return [this, text] { append_file(tmp / "log.1", text); };
    };
    EXPECT_EQ(follow_through(weft::follow(log), {append("one\n"), rename("log.1"), late("two\n"),
                                                 create(""), late("three\n"),
                                                 [&] {
                                                     append_file(tmp / "log.1", "four\npart");
                                                     append_file(log, "five\n");
                                                 },
                                                 append("six\n")}),
              (strings{"one", "two", "three", "four", "part", "five", "six"}));
}

TEST_F(follow, survives_many_rotations) {
    write_file(log, "");
    steps todo;
    strings expected;
    for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(i);
        todo.push_back(append(text + "a\n"));
        todo.push_back(rename("log." + text));
        todo.push_back(create(text + "b\n"));
        expected.push_back(text + "a");
        expected.push_back(text + "b");
    }
    EXPECT_EQ(follow_through(weft::follow(log), std::move(todo)), expected);
}

TEST_F(follow, waits_for_a_file_that_is_not_there_yet) {
    EXPECT_EQ(follow_through(weft::follow(log), {create("one\n"), append("two\n")}),
              (strings{"one", "two"}));
}

TEST_F(follow, waits_for_a_directory_that_is_not_there_yet) {
    const std::string path = tmp / "a/b/log";
    EXPECT_EQ(follow_through(weft::follow(path), {[&] { fs::create_directories(tmp / "a/b"); },
                                                  [&] { write_file(path, "one\n"); }}),
              strings{"one"});
}

TEST_F(follow, waits_for_a_deleted_file_to_come_back) {
    write_file(log, "");
    EXPECT_EQ(follow_through(weft::follow(log),
                             {append("one\n"), [&] { fs::remove(log); }, create("two\n")}),
              (strings{"one", "two"}));
}

TEST_F(follow, gives_what_was_there_when_it_was_stopped) {
    write_file(log, "");
    const pipe_ends stop;
    auto source = weft::follow(log).stop_on(stop.read.get());
    append_file(log, "one\n");
    fs::rename(log, tmp / "log.1");
    write_file(log, "two\nlast");
    stop.put("x");
    strings lines;
    while (auto line = source.next()) lines.emplace_back(*line);
    EXPECT_EQ(lines, (strings{"one", "two", "last"}));
}

TEST_F(follow, is_a_source_of_pipelines) {
    write_file(log, "");
    const pipe_ends stop;
    strings found;
    int idle = 0;
    weft::follow(log).stop_on(stop.read.get()).on_idle([&] {
        if (++idle == 1)
            append_file(log, "no snakes\npython\n");
        else
            stop.put("x");
    }) | (weft::grep("python") | weft::append_to(found));
    EXPECT_EQ(found, strings{"python"});
}

TEST_F(follow, refuses_what_is_no_file) {
    EXPECT_EQ(error_text<std::system_error>([&] { static_cast<void>(weft::follow(tmp.path())); }),
              "following " + tmp.path() + ": Is a directory");
    EXPECT_EQ(error_text<std::system_error>([] { static_cast<void>(weft::follow("/dev/null")); }),
              "following /dev/null: it is no regular file: Illegal seek");
}

TEST_F(follow, loses_nothing_of_a_writer_in_another_thread_that_rotates) {
    constexpr int count = 20000;
    write_file(log, "");
    auto source = weft::follow(log);
    std::thread writer([&] {
        std::ofstream file(log, std::ios::app);
        for (int i = 0; i < count; ++i) {
            file << i << '\n';
            if (i % 97 == 0) file.flush();
            // One rotation: a second might come before the first was noticed.
            if (i != count / 2) continue;
            fs::rename(log, tmp / "log.1");
            std::ofstream(log).flush();
            for (int late = 0; late < 5; ++late) file << "late " << late << std::endl;
            file.close();
            file.open(log, std::ios::app);
        }
    });
    int next = 0;
    int late = 0;
    while (next < count) {
        const std::string line(*source.next());
        if (next == count / 2 + 1 && late < 5)
            ASSERT_EQ(line, "late " + std::to_string(late++));
        else
            ASSERT_EQ(line, std::to_string(next++));
    }
    writer.join();
}

}  // namespace
