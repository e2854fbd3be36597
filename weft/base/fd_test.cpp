#include "weft/base/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <system_error>
#include <unistd.h>

namespace {

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

int open_null() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(unique_fd, closes_what_it_owns) {
    int number = -1;
    {
        const weft::unique_fd file(open_null());
        number = file.get();
        ASSERT_TRUE(file);
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(unique_fd, moves_its_descriptor) {
    weft::unique_fd a(open_null());
    const int number = a.get();
    weft::unique_fd b(std::move(a));
    EXPECT_EQ(b.get(), number);
    weft::unique_fd c(open_null());
    const int replaced = c.get();
    c = std::move(b);
    EXPECT_EQ(c.get(), number);
    EXPECT_FALSE(is_open(replaced));
    EXPECT_TRUE(is_open(number));
}

TEST(unique_fd, gives_its_descriptor_up) {
    weft::unique_fd file(open_null());
    const int number = file.release();
    EXPECT_FALSE(file);
    EXPECT_TRUE(is_open(number));
    ::close(number);
}

TEST(describe_fd, knows_the_standard_ones) {
    EXPECT_EQ(weft::describe_fd(0), "standard input");
    EXPECT_EQ(weft::describe_fd(1), "standard output");
    EXPECT_EQ(weft::describe_fd(2), "standard error");
    EXPECT_EQ(weft::describe_fd(7), "descriptor 7");
}

TEST(throw_system_error, names_what_was_attempted_and_why_it_failed) {
    try {
        weft::throw_system_error(ENOENT, "reading notes.txt");
    } catch (const std::system_error& e) {
        EXPECT_STREQ(e.what(), "reading notes.txt: No such file or directory");
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
    }
}

}  // namespace
