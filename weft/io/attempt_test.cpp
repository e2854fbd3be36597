#include "weft/io/attempt.hpp"

#include "weft/base/fd.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using weft::unique_fd;
using weft::detail::attempt;
using weft::detail::write_masked;
using weft::detail::write_unsignalled;

class bare : public weft::operation {
public:
    bare(weft::operation_code c, int fd, void* bytes = nullptr, std::size_t n = 0)
        : operation(c, fd, bytes, n, [](operation&) noexcept {}) {}
};

struct ends {
    unique_fd in, out;
};

ends open_pipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_NONBLOCK | O_CLOEXEC), 0);
    return {unique_fd(fds[0]), unique_fd(fds[1])};
}

ends open_sockets() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    return {unique_fd(fds[0]), unique_fd(fds[1])};
}

bool is_pending(int signal) {
    sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, signal) == 1;
}

/// SIGPIPE has its default disposition here: a signal would end the test program.
using write_function = std::int64_t (*)(int, const void*, std::size_t) noexcept;

std::vector<write_function> write_functions() {
    if (!weft::detail::kernel_writes_unsignalled()) return {&write_masked};
    return {&write_masked, &write_unsignalled};
}

TEST(attempt, a_write_without_reader_raises_no_signal) {
    for (const write_function write : write_functions()) {
        for (auto open : {&open_pipe, &open_sockets}) {
            ends both = open();
            EXPECT_EQ(write(both.out.get(), "ab", 2), 2);
            both.in.reset();
            EXPECT_EQ(write(both.out.get(), "x", 1), -EPIPE);
            EXPECT_FALSE(is_pending(SIGPIPE));
            sigset_t mask;
            ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
            EXPECT_EQ(::sigismember(&mask, SIGPIPE), 0) << "the mask is as before";
        }
    }
}

TEST(attempt, a_signal_of_the_programs_own_stays_pending) {
    sigset_t pipe;
    sigset_t before;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
    for (const write_function write : write_functions()) {
        ends both = open_pipe();
        both.in.reset();
        EXPECT_EQ(write(both.out.get(), "x", 1), -EPIPE);
        EXPECT_FALSE(is_pending(SIGPIPE)) << "blocked, but not pending before";
        ::raise(SIGPIPE);
        EXPECT_EQ(write(both.out.get(), "x", 1), -EPIPE);
        EXPECT_TRUE(is_pending(SIGPIPE));
        const timespec at_once{};
        EXPECT_EQ(::sigtimedwait(&pipe, nullptr, &at_once), SIGPIPE);
        EXPECT_FALSE(is_pending(SIGPIPE));
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(attempt, says_again_where_it_would_wait) {
    const ends both = open_pipe();
    char byte = 0;
    EXPECT_EQ(attempt(bare(weft::operation_code::read, both.in.get(), &byte, 1)), -EAGAIN);
    EXPECT_EQ(attempt(bare(weft::operation_code::readable, both.in.get())), -EAGAIN);
    EXPECT_EQ(attempt(bare(weft::operation_code::writable, both.out.get())), 0);
    std::string much(std::size_t{1} << 20, 'x');
    bare fill(weft::operation_code::write, both.out.get(), much.data(), much.size());
    while (attempt(fill) > 0) {}
    EXPECT_EQ(attempt(fill), -EAGAIN);
    EXPECT_EQ(attempt(bare(weft::operation_code::writable, both.out.get())), -EAGAIN);
    EXPECT_EQ(attempt(bare(weft::operation_code::readable, both.in.get())), 0);
}

TEST(attempt, regular_files_are_always_ready) {
    std::string path = ::testing::TempDir() + "weft_attempt_XXXXXX";
    const unique_fd file(::mkstemp(path.data()));
    ASSERT_TRUE(file);
    ::unlink(path.c_str());
    std::string bytes = "some text";
    const int fd = file.get();
    EXPECT_EQ(attempt(bare(weft::operation_code::write, fd, bytes.data(), bytes.size())), 9);
    EXPECT_EQ(attempt(bare(weft::operation_code::readable, fd)), 0);
    EXPECT_EQ(attempt(bare(weft::operation_code::writable, fd)), 0);
    EXPECT_EQ(attempt(bare(weft::operation_code::read, fd, bytes.data(), 9)), 0) << "the end";
    EXPECT_EQ(::lseek(fd, 5, SEEK_SET), 5);
    EXPECT_EQ(attempt(bare(weft::operation_code::read, fd, bytes.data(), 9)), 4);
    EXPECT_EQ(bytes, "text text") << "from its own position";
}

TEST(attempt, errors_are_results) {
    char byte = 0;
    for (const auto code : {weft::operation_code::read, weft::operation_code::write,
                            weft::operation_code::readable, weft::operation_code::writable})
        for (const int fd : {-1, 900'000}) EXPECT_EQ(attempt(bare(code, fd, &byte, 1)), -EBADF);
    const unique_fd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_EQ(attempt(bare(weft::operation_code::read, folder.get(), &byte, 1)), -EISDIR);
    const unique_fd zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    EXPECT_EQ(attempt(bare(weft::operation_code::write, zero.get(), &byte, 1)), 1);
}

}  // namespace
