// Waiting for descriptors: the simulator's, and the kernel's by real epoll.

#include "weft/io/readiness.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/io/pipe.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using weft::await;
using weft::task;
using weft::wait_readable;
using weft::wait_writable;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::made_by;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

/// The number of the system's error that `make()` ends with; 0 when it ends with none.
template <class Make>
int error_of(coroutine_kind kind, Make make) {
    try {
        static_cast<void>(get_as(kind, std::move(make)));
        return 0;
    } catch (const std::system_error& e) {
        return e.code().value();
    }
}
template <class T>
int error_of(const weft::join_handle<T>& h) {
    try {
        static_cast<void>(await(h));
        return 0;
    } catch (const std::system_error& e) {
        return e.code().value();
    }
}

/// Two descriptors of the kernel, adopted by the loop.
class adopted {
public:
    explicit adopted(std::array<int, 2> ends) : ends_(ends) {
        for (const int end : ends_) EXPECT_EQ(weft::detail::this_scheduler().world().adopt(end), 0);
    }
    adopted(const adopted&) = delete;
    adopted& operator=(const adopted&) = delete;
    ~adopted() {
        close(0);
        close(1);
    }
    void close(std::size_t i) {
        if (ends_.at(i) >= 0) weft::close_descriptor(std::exchange(ends_.at(i), -1));
    }
    [[nodiscard]] int operator[](std::size_t i) const { return ends_.at(i); }

    [[nodiscard]] static std::array<int, 2> socket_pair() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        return ends;
    }
    [[nodiscard]] static std::array<int, 2> pipe_pair() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        return ends;
    }

private:
    std::array<int, 2> ends_;
};

/// Has `fn(kind)` run for both kinds on the loop of this machine only.
template <class F>
void in_both_kinds_by_epoll(F fn) {
    weft::run(weft::options().watchdog({}), [&fn] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            SCOPED_TRACE(kind == coroutine_kind::task ? "as a task" : "as a fiber");
            fn(kind);
        }
    });
}

TEST(readiness, of_a_pipe_to_read_from_comes_with_a_byte) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        auto h = spawn_as(kind, [&p] { return wait_readable(p.reader.descriptor()); });
        until_it_waits(h);
        EXPECT_FALSE(h.ready());
        await(p.writer.write_some("x"));
        await(h);
        char byte = 0;
        EXPECT_EQ(await(p.reader.read_some(&byte, 1)), 1u);
        EXPECT_EQ(byte, 'x') << "nothing was read by the wait";
    });
}

TEST(readiness, of_a_pipe_to_read_from_comes_with_its_end) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        auto h = spawn_as(kind, [&p] { return wait_readable(p.reader.descriptor()); });
        until_it_waits(h);
        p.writer.close();
        await(h);
        char byte = 0;
        EXPECT_EQ(await(p.reader.read_some(&byte, 1)), 0u);
    });
}

/// Writes until nothing fits any more; gives the bytes.
std::size_t fill(const weft::pipe& p) {
    const std::string block(4096, 'x');
    std::size_t written = 0;
    for (;;) {
        try {
            written += await(weft::with_timeout(5ms, [&] { return p.writer.write_some(block); }));
        } catch (const weft::timed_out&) {
            return written;
        }
    }
}

TEST(readiness, of_a_full_pipe_to_write_to_comes_with_a_read) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        get_as(kind, [&p] { return wait_writable(p.writer.descriptor()); });
        std::size_t written = fill(p);
        auto h = spawn_as(kind, [&p] { return wait_writable(p.writer.descriptor()); });
        until_it_waits(h);
        std::string bytes(written, '.');
        while (written > 0) written -= await(p.reader.read_some(bytes.data(), written));
        await(h);
    });
}

// PROGRAMS.md, B.12: several waiters on one descriptor and direction.
TEST(readiness, wakes_all_who_wait_for_it) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        std::vector<weft::join_handle<std::size_t>> all;
        for (int i = 0; i < 5; ++i)
            all.push_back(spawn_as(i % 2 == 0 ? kind : coroutine_kind::fiber,
                                   [&p] { return wait_readable(p.reader.descriptor()); }));
        for (auto& h : all) until_it_waits(h);
        await(p.writer.write_some("x"));
        for (auto& h : all) await(h);
    });
}

TEST(readiness, wakes_the_others_when_one_of_them_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        const auto wait = [&p] { return wait_readable(p.reader.descriptor()); };
        auto first = spawn_as(kind, wait);
        until_it_waits(first);
        auto second = spawn_as(kind, wait);
        until_it_waits(second);
        auto third = spawn_as(kind, wait);
        until_it_waits(third);
        second.cancel();
        await(second.join());
        EXPECT_TRUE(second.was_cancelled());
        EXPECT_FALSE(first.ready() || third.ready());
        await(p.writer.write_some("x"));
        await(first);
        await(third);
    });
}

TEST(readiness, several_reads_get_all_bytes_between_them) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        std::size_t received = 0;
        const auto read = [&p, &received]() -> task<> {
            std::array<char, 3> bytes{};
            for (;;) {
                const std::size_t n = co_await p.reader.read_some(bytes.data(), bytes.size());
                if (n == 0) co_return;
                received += n;
            }
        };
        std::vector<weft::join_handle<void>> all;
        for (int i = 0; i < 4; ++i) all.push_back(spawn_as(kind, read));
        const std::string text(1000, 'y');
        await(p.writer.write_all(text));
        p.writer.close();
        for (auto& h : all) await(h);
        EXPECT_EQ(received, text.size());
    });
}

TEST(readiness, closed_under_a_waiter_is_an_error_for_it) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        auto waits = spawn_as(kind, [&p] { return wait_readable(p.reader.descriptor()); });
        auto reads = spawn_as(kind, [&p]() -> task<> {
            std::array<char, 8> bytes{};
            co_await p.reader.read_some(bytes.data(), bytes.size());
        });
        until_it_waits(waits);
        until_it_waits(reads);
        p.reader.close();
        EXPECT_EQ(error_of(waits), EBADF);
        EXPECT_EQ(error_of(reads), EBADF);
        const int closed = p.reader.descriptor();
        EXPECT_EQ(error_of(kind, [closed] { return wait_readable(closed); }), EBADF);
    });
}

TEST(readiness, closed_under_a_waiter_that_is_cancelled_is_one_of_the_two) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        auto h = spawn_as(kind, [&p] { return wait_readable(p.reader.descriptor()); });
        until_it_waits(h);
        h.cancel();
        p.reader.close();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled() || error_of(h) == EBADF);
    });
}

TEST(readiness, can_be_waited_for_with_a_deadline) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        const auto wait = [&p] { return wait_readable(p.reader.descriptor()); };
        EXPECT_THROW(get_as(kind, [&] { return weft::with_timeout(1ms, wait); }), weft::timed_out);
        await(p.writer.write_some("x"));
        get_as(kind, [&] { return weft::with_timeout(24h, wait); });
    });
}

TEST(readiness, of_sockets_of_somebody_else) {
    in_both_kinds_by_epoll([](coroutine_kind kind) {
        const adopted ends(adopted::socket_pair());
        get_as(kind, [&] { return wait_writable(ends[0]); });
        auto h = spawn_as(kind, [&] { return wait_readable(ends[1]); });
        until_it_waits(h);
        EXPECT_EQ(::write(ends[0], "x", 1), 1);
        await(h);
        char byte = 0;
        EXPECT_EQ(::read(ends[1], &byte, 1), 1);
    });
}

TEST(readiness, of_pipes_of_somebody_else) {
    in_both_kinds_by_epoll([](coroutine_kind kind) {
        adopted ends(adopted::pipe_pair());
        auto h = spawn_as(kind, [&] { return wait_readable(ends[0]); });
        until_it_waits(h);
        ends.close(1);
        await(h);
        char byte = 0;
        EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "the end";
    });
}

TEST(readiness, both_directions_of_a_socket_at_once) {
    in_both_kinds_by_epoll([](coroutine_kind kind) {
        const adopted ends(adopted::socket_pair());
        auto reader = spawn_as(kind, [&] { return wait_readable(ends[0]); });
        until_it_waits(reader);
        get_as(kind, [&] { return wait_writable(ends[0]); });
        EXPECT_FALSE(reader.ready());
        EXPECT_EQ(::write(ends[1], "x", 1), 1);
        await(reader);
    });
}

TEST(readiness, of_a_socket_closed_under_several_waiters) {
    in_both_kinds_by_epoll([](coroutine_kind kind) {
        adopted ends(adopted::socket_pair());
        std::vector<weft::join_handle<std::size_t>> all;
        for (int i = 0; i < 4; ++i) {
            all.push_back(spawn_as(kind, [&] { return wait_readable(ends[0]); }));
            until_it_waits(all.back());
        }
        all[2].cancel();
        ends.close(0);
        for (const std::size_t i : {0u, 1u, 3u}) EXPECT_EQ(error_of(all[i]), EBADF);
        await(all[2].join());
        EXPECT_TRUE(all[2].ready());
        if (!all[2].was_cancelled()) {
            EXPECT_EQ(error_of(all[2]), EBADF);
        }
    });
}

TEST(readiness, of_a_number_that_is_no_descriptor) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(error_of(kind, [] { return wait_readable(-1); }), EBADF);
        EXPECT_EQ(error_of(kind, [] { return wait_writable(1 << 20); }), EBADF);
        EXPECT_THROW(weft::close_descriptor(-1), std::system_error);
    });
}

TEST(readiness, of_a_number_used_again_is_that_of_the_new_descriptor) {
    in_both_kinds_by_epoll([](coroutine_kind kind) {
        for (int round = 0; round < 3; ++round) {
            adopted ends(adopted::pipe_pair());
            auto h = spawn_as(kind, [&] { return wait_readable(ends[0]); });
            until_it_waits(h);
            EXPECT_EQ(::write(ends[1], "x", 1), 1);
            await(h);
        }
    });
}

}  // namespace
