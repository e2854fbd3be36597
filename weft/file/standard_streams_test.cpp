// Whatever a standard stream is: it is read and written without keeping the loop, and is left as it
// was.

#include "weft/file/standard_streams.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/file/file_test.hpp"
#include "weft/stream/buffered_reader.hpp"

#include <array>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

namespace {

using ::testing::HasSubstr;
using weft::await;
using weft::file;
using weft::unique_fd;
using weft::file_test::folder;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::on_real_drivers;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

/// One of this program's streams is something else for a while.
class redirected {
public:
    redirected(int stream, int to) : stream_(stream), before_(::fcntl(stream, F_DUPFD_CLOEXEC, 3)) {
        ::dup2(to, stream);
    }
    redirected(const redirected&) = delete;
    redirected& operator=(const redirected&) = delete;
    ~redirected() { ::dup2(before_.get(), stream_); }

private:
    int stream_;
    unique_fd before_;
};

bool blocks(int fd) {
    return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

/// Runs `fn(kind)` in a fiber, for both kinds, on each driver of this machine.
template <class F>
void on_real_loops(F fn) {
    on_real_drivers([&](const weft::options& how, const char* name) {
        SCOPED_TRACE(name);
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber})
            weft::run(how, [&] { fn(kind); });
    });
}

std::string some_of(coroutine_kind kind, const file& from) {
    std::array<char, 64> bytes{};
    const auto n = get_as(kind, [&] { return from.read_some(bytes.data(), bytes.size()); });
    return std::string(bytes.data(), n);
}
void put(int fd, std::string_view text) {
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}
std::string get(int fd) {
    std::array<char, 64> bytes{};
    const ssize_t n = ::read(fd, bytes.data(), bytes.size());
    return n < 0 ? "error" : std::string(bytes.data(), static_cast<std::size_t>(n));
}

TEST(standard_streams, may_be_a_terminal_which_goes_on_blocking) {
    on_real_loops([](coroutine_kind kind) {
        int ends[2];
        ASSERT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
        const unique_fd master(ends[0]);
        const unique_fd terminal(ends[1]);
        termios plain{};
        ::tcgetattr(terminal.get(), &plain);
        plain.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        plain.c_oflag &= ~static_cast<tcflag_t>(OPOST);
        ::tcsetattr(terminal.get(), TCSANOW, &plain);
        const redirected input(0, terminal.get());
        const redirected output(1, terminal.get());
        const file in = weft::standard_input();
        const file out = weft::standard_output();
        EXPECT_TRUE(blocks(terminal.get())) << "a shell has it open as well";
        std::array<char, 8> bytes{};
        auto waits = spawn_as(kind, [&] { return in.read_some(bytes.data(), bytes.size()); });
        until_it_waits(waits);
        put(master.get(), "line\n");
        EXPECT_EQ(await(waits), 5u);
        get_as(kind, out.write_all("to it"));
        EXPECT_EQ(get(master.get()), "to it");
        auto cancelled = spawn_as(kind, [&] { return in.read_some(bytes.data(), bytes.size()); });
        until_it_waits(cancelled);
        cancelled.cancel();
        await(cancelled.join());
        EXPECT_TRUE(cancelled.was_cancelled());
        EXPECT_TRUE(blocks(terminal.get()));
        put(master.get(), "\4");  // ctrl-D
        EXPECT_EQ(some_of(kind, in), "");
    });
}

TEST(standard_streams, may_be_pipes) {
    on_real_loops([](coroutine_kind kind) {
        weft::file_test::pipe_ends from;
        weft::file_test::pipe_ends to;
        const redirected input(0, from.read.get());
        const redirected error(2, to.write.get());
        {
            const file in = weft::standard_input();
            const file err = weft::standard_error();
            std::array<char, 8> bytes{};
            auto waits = spawn_as(kind, [&] { return in.read_some(bytes.data(), bytes.size()); });
            until_it_waits(waits);
            EXPECT_TRUE(blocks(0) && blocks(2));
            from.put("hi");
            EXPECT_EQ(await(waits), 2u);
            from.write.reset();
            EXPECT_EQ(some_of(kind, in), "") << "the end";
            get_as(kind, err.write_all("sent"));
            EXPECT_EQ(get(to.read.get()), "sent");
            // The last reader goes: no SIGPIPE.
            to.read.reset();
            EXPECT_THROW(get_as(kind, err.write_all("x")), weft::write_error);
        }
        EXPECT_TRUE(blocks(0) && blocks(2));
        // Without a reader it cannot be opened again.
        const file shared = weft::standard_error();
        EXPECT_THROW(get_as(kind, shared.write_all("x")), weft::write_error);
    });
}

TEST(standard_streams, may_be_a_socket_which_blocks_again_afterwards) {
    on_real_loops([](coroutine_kind kind) {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        const unique_fd near(ends[0]);
        const unique_fd far(ends[1]);
        const redirected input(0, near.get());
        {
            const file in = weft::standard_input();
            std::array<char, 8> bytes{};
            auto waits = spawn_as(kind, [&] { return in.read_some(bytes.data(), bytes.size()); });
            until_it_waits(waits);
            put(far.get(), "hi");
            EXPECT_EQ(await(waits), 2u);
        }
        EXPECT_TRUE(blocks(near.get()));
        get_as(kind, weft::standard_input().close());
        EXPECT_TRUE(blocks(near.get()));
    });
}

TEST(standard_streams, may_be_files_whose_position_others_share) {
    const folder tmp;
    weft::testing::in_both_kinds([&](coroutine_kind kind) {
        weft::file_test::write_file(tmp / "in", "one\ntwo\n");
        weft::file_test::write_file(tmp / "out", "");
        const unique_fd from(::open((tmp / "in").c_str(), O_RDONLY | O_CLOEXEC));
        const unique_fd to(::open((tmp / "out").c_str(), O_WRONLY | O_CLOEXEC));
        const redirected input(0, from.get());
        const redirected output(1, to.get());
        EXPECT_EQ(get(0).substr(0, 3), "one");
        ::lseek(0, 4, SEEK_SET);  // somebody else has read the first line
        const file in = weft::standard_input();
        EXPECT_EQ(some_of(kind, in), "two\n");
        EXPECT_EQ(::lseek(0, 0, SEEK_CUR), 8) << "and sees what was read here";
        EXPECT_EQ(some_of(kind, in), "");
        put(1, "before ");
        const file out = weft::standard_output();
        get_as(kind, out.write_all("here "));
        put(1, "after");
        EXPECT_EQ(weft::file_test::read_file(tmp / "out"), "before here after");
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(in.position()); }),
                    HasSubstr("standard input"));
    });
}

TEST(standard_streams, may_be_nothing) {
    weft::testing::in_both_kinds([](coroutine_kind kind) {
        const unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
        const redirected input(0, null.get());
        const redirected output(1, null.get());
        EXPECT_EQ(some_of(kind, weft::standard_input()), "");
        const file out = weft::standard_output();
        get_as(kind, out.write_all("gone"));
    });
}

TEST(standard_streams, that_are_closed_or_out_of_this_world_are_errors) {
    const weft::file_test::pipe_ends a_pipe;
    const redirected input(0, a_pipe.read.get());
    weft::run([] {
        const unique_fd kept(::fcntl(0, F_DUPFD_CLOEXEC, 3));
        ::close(0);
        std::string text;
        try {
            static_cast<void>(weft::standard_input());
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::bad_file_descriptor);
            text = e.what();
        }
        ::dup2(kept.get(), 0);
        EXPECT_THAT(text, HasSubstr("opening standard input"));
    });
    weft::testing::simulation world(1);
    world.run([] {
        EXPECT_THAT(thrown<weft::usage_error>([] { static_cast<void>(weft::standard_input()); }),
                    HasSubstr("a simulated world does not have"));
    });
    EXPECT_THAT(thrown<weft::usage_error>([] { static_cast<void>(weft::standard_input()); }),
                HasSubstr("standard stream"));
}

}  // namespace
