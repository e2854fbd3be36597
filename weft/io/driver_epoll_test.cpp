#include "weft/io/driver_epoll.hpp"

#include "weft/base/fd.hpp"
#include "weft/testing/driver_test.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using weft::unique_fd;
using weft::testing::request;

class driver_epoll : public ::testing::Test {
protected:
    weft::driver_epoll driver_;
    weft::testing::world world_{driver_};
};

std::array<int, 2> sockets(int flags = SOCK_NONBLOCK) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, fds.data()), 0);
    return fds;
}

TEST_F(driver_epoll, both_directions_of_a_socket_wait_at_once) {
    const auto [here, there] = sockets();
    for (const int end : {here, there}) EXPECT_EQ(driver_.adopt(end), 0);
    const std::string chunk(std::size_t{64} * 1024, 'b');
    std::size_t sent = 0;
    request full(write, here, const_cast<char*>(chunk.data()), chunk.size());
    while (world_.start(full).done_at_once) sent += static_cast<std::size_t>(full.result);
    request answer(readable, here);
    EXPECT_FALSE(world_.start(answer).done_at_once);
    EXPECT_EQ(world_.write_some(there, "answer"), 6);
    EXPECT_EQ(world_.finish(answer), 0);
    EXPECT_FALSE(full.is_complete());
    EXPECT_EQ(world_.read_all(there, sent).size(), sent);
    EXPECT_GT(world_.finish(full), 0);
    for (const int end : {here, there}) EXPECT_EQ(driver_.close(end), 0);
}

TEST_F(driver_epoll, an_adopted_descriptor_is_watched_once) {
    const auto [in, out] = driver_.open_pipe();
    for (int i = 0; i < 100; ++i) {
        char byte = 0;
        request waiter(read, in, &byte, 1);
        ASSERT_FALSE(world_.start(waiter).done_at_once);
        EXPECT_EQ(world_.write_some(out, "x"), 1);
        EXPECT_EQ(world_.finish(waiter), 1);
    }
    EXPECT_EQ(driver_.stats().watches, 1u);
    driver_.close(in);
    driver_.close(out);
}

TEST_F(driver_epoll, an_edge_that_nobody_waited_for_is_not_lost) {
    const auto [in, out] = driver_.open_pipe();
    const auto [other_in, other_out] = driver_.open_pipe();
    request other(readable, other_in);  // so that polling asks the kernel
    world_.start(other);
    for (int round = 0; round < 3; ++round) {
        request first(readable, in);
        ASSERT_FALSE(world_.start(first).done_at_once);
        EXPECT_EQ(world_.write_some(out, "abc"), 3);
        EXPECT_EQ(world_.finish(first), 0);
        EXPECT_EQ(world_.read_all(in, 2), "ab");
        world_.poll();
        EXPECT_EQ(world_.run(readable, in), 0) << "there is one left";
        EXPECT_EQ(world_.read_all(in, 1), "c");
        EXPECT_EQ(world_.write_some(out, "d"), 1);
        world_.poll();  // takes the edge
        EXPECT_EQ(world_.run(readable, in), 0);
        EXPECT_EQ(world_.read_all(in, 1), "d");
    }
    for (const int fd : {in, out, other_in, other_out}) driver_.close(fd);
}

TEST_F(driver_epoll, polling_while_nothing_is_pending_asks_nobody) {
    for (int i = 0; i < 100; ++i) world_.poll();
    driver_.wake();
    world_.poll();
    EXPECT_EQ(driver_.stats().waits, 0u);
    EXPECT_EQ(driver_.stats().wake_writes, 0u);
}

TEST_F(driver_epoll, an_idle_park_is_one_wait) {
    const auto [in, out] = driver_.open_pipe();
    request waiter(readable, in);
    world_.start(waiter);
    driver_.wake();
    driver_.park(weft::clock::never);
    const auto before = driver_.stats();
    const auto deadline = driver_.now() + 30ms;
    driver_.park(deadline);
    EXPECT_GE(driver_.now(), deadline);
    EXPECT_EQ(driver_.stats().waits, before.waits + 1);
    EXPECT_EQ(driver_.stats().events, before.events);
    driver_.close(in);
    driver_.close(out);
}

TEST_F(driver_epoll, a_signal_handler_may_wake) {
    static weft::driver_epoll* woken = nullptr;
    woken = &driver_;
    struct sigaction old{};
    struct sigaction wakes{};
    wakes.sa_handler = [](int) { woken->wake(); };
    ::sigaction(SIGUSR1, &wakes, &old);
    ::raise(SIGUSR1);
    driver_.park(weft::clock::never);
    std::atomic<bool> is_over{false};
    std::thread other([&, loop = ::pthread_self()] {
        while (!is_over) {
            ::pthread_kill(loop, SIGUSR1);
            std::this_thread::yield();
        }
    });
    for (int i = 0; i < 100; ++i) driver_.park(weft::clock::never);
    is_over = true;
    other.join();
    ::sigaction(SIGUSR1, &old, nullptr);
}

TEST_F(driver_epoll, a_socket_tells_of_its_peers_end) {
    const auto [here, there] = sockets();
    EXPECT_EQ(driver_.adopt(here), 0);
    request waiter(readable, here);
    EXPECT_FALSE(world_.start(waiter).done_at_once);
    ::shutdown(there, SHUT_WR);
    EXPECT_EQ(world_.finish(waiter), 0);
    char byte = 0;
    EXPECT_EQ(world_.run(read, here, &byte, 1), 0);
    EXPECT_EQ(world_.write_some(here, "still open this way"), 19);
    ::close(there);
    EXPECT_EQ(world_.write_some(here, "x"), -EPIPE);
    driver_.close(here);
}

TEST_F(driver_epoll, connections_are_made_and_refused) {
    const unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(listener.get(), name, size), 0);
    ASSERT_EQ(::getsockname(listener.get(), name, &size), 0);
    const auto connect = [&](int expected) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ::connect(fd, name, size);
        EXPECT_EQ(driver_.adopt(fd), 0);
        EXPECT_EQ(world_.run(writable, fd), 0);
        int error = 0;
        socklen_t error_size = sizeof error;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
        EXPECT_EQ(error, expected);
        return driver_.close(fd);
    };
    EXPECT_EQ(connect(ECONNREFUSED), 0);
    request waiter(readable, listener.get());
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_FALSE(world_.start(waiter).done_at_once);
    EXPECT_EQ(connect(0), 0);
    EXPECT_EQ(world_.finish(waiter), 0);
}

TEST_F(driver_epoll, adopting_makes_non_blocking) {
    const auto [here, there] = sockets(0);
    EXPECT_EQ(driver_.adopt(here), 0);
    EXPECT_NE(::fcntl(here, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(::fcntl(there, F_GETFL) & O_NONBLOCK, 0);
    driver_.close(here);
    ::close(there);
}

TEST_F(driver_epoll, regular_files_never_wait) {
    std::string path = ::testing::TempDir() + "weft_driver_XXXXXX";
    const int file = ::mkstemp(path.data());
    ASSERT_GE(file, 0);
    ::unlink(path.c_str());
    EXPECT_EQ(driver_.adopt(file), 0);
    std::string bytes = "text";
    for (const auto code : {write, readable, writable, read}) {
        request r(code, file, bytes);
        EXPECT_TRUE(world_.start(r).done_at_once);
        EXPECT_EQ(r.result, code == write ? 4 : 0);
    }
    EXPECT_EQ(driver_.close(file), 0);
}

TEST(driver_epoll_death, a_driver_with_pending_operations_is_not_destroyed) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            weft::driver_epoll driver;
            request waiter(readable, driver.open_pipe()[0]);
            static_cast<void>(driver.submit(waiter));
        },
        "cancel them and park");
}

}  // namespace
