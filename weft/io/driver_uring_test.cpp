// Whose the memory of an operation is: the kernel's from when it has it until it says that it is
// done (DESIGN.md, R2, R3, R12).

#include "weft/io/driver_uring_test.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/uio.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using ::testing::AnyOf;
using ::testing::Each;
using weft::testing::request;

class driver_uring : public weft::testing::uring_fixture {};

void send_bytes(int socket, std::string_view bytes) {
    EXPECT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
}

std::string received(int socket) {
    std::string bytes(256, '\0');
    const ssize_t n = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return bytes;
}

TEST_F(driver_uring, what_waits_is_given_to_the_kernel_by_park) {
    const auto ends = open_pair();
    std::string bytes(8, '\0');
    request waiter(receive, ends[0], bytes);
    EXPECT_FALSE(world_->start(waiter).done_at_once);
    EXPECT_EQ(driver_->in_kernel(), 0u);
    give();
    EXPECT_EQ(driver_->in_kernel(), 1u);
    send_bytes(ends[1], "by it");
    EXPECT_EQ(world_->finish(waiter), 5);
    EXPECT_EQ(bytes.substr(0, 5), "by it");
    EXPECT_EQ(driver_->in_kernel(), 0u);
    EXPECT_EQ(driver_->stats().requests, 1u);
    close(ends);
}

TEST_F(driver_uring, one_that_is_cancelled_before_was_never_the_kernels) {
    const auto ends = open_pair();
    std::string bytes(8, '\0');
    request first(receive, ends[0], bytes);
    request second(receive, ends[0], bytes);
    world_->start(first);
    world_->start(second);
    driver_->cancel(first);
    EXPECT_EQ(driver_->stats().requests, 0u);
    EXPECT_EQ(world_->finish(first), -ECANCELED);
    EXPECT_EQ(driver_->stats().requests, 1u) << "the second, which is the first now";
    send_bytes(ends[1], "x");
    EXPECT_EQ(world_->finish(second), 1);
    close(ends);
}

TEST_F(driver_uring, a_cancellation_that_meets_the_data_loses_none) {
    const auto ends = open_pair();
    int with_data = 0;
    for (int round = 0; round < 50; ++round) {
        std::string bytes(8, '\0');
        request waiter(receive, ends[0], bytes);
        ASSERT_FALSE(world_->start(waiter).done_at_once);
        give();
        if (round % 2 == 0) driver_->cancel(waiter);
        send_bytes(ends[1], "data");
        if (round % 3 == 0) give();
        if (round % 2 != 0) driver_->cancel(waiter);
        const std::int64_t result = world_->finish(waiter);
        EXPECT_THAT(result, AnyOf(4, -ECANCELED));
        EXPECT_EQ(result == 4 ? bytes.substr(0, 4) : received(ends[0]), "data");
        with_data += result == 4;
    }
    EXPECT_GT(with_data, 0);
    close(ends);
}

TEST_F(driver_uring, a_result_that_came_first_wins_over_a_cancellation) {
    const auto one = open_pair();
    const auto two = open_pair();
    std::string bytes(8, '\0');
    std::string others(8, '\0');
    request first(receive, one[0], bytes);
    request second(receive, two[0], others);
    first.then = [&] { driver_->cancel(second); };
    second.then = [&] { driver_->cancel(first); };
    world_->start(first);
    world_->start(second);
    give();
    send_bytes(one[1], "a");
    send_bytes(two[1], "b");
    EXPECT_EQ(world_->finish(first), 1);
    EXPECT_EQ(world_->finish(second), 1);
    EXPECT_EQ(bytes.front(), 'a');
    EXPECT_EQ(others.front(), 'b');
    close(one);
    close(two);
}

TEST_F(driver_uring, nothing_is_written_to_memory_after_its_operation_is_cancelled) {
    for (int round = 0; round < 20; ++round) {
        const auto ends = open_pair();
        auto bytes = std::make_unique<std::string>(64, 'a');
        char* const place = bytes->data();
        request waiter(receive, ends[0], *bytes);
        world_->start(waiter);
        give();
        driver_->cancel(waiter);
        EXPECT_EQ(world_->finish(waiter), -ECANCELED);
        // Sanitizers do not see what a kernel writes: the memory is watched, then freed.
        std::fill_n(place, 64, 'p');
        send_bytes(ends[1], "late bytes");
        for (int i = 0; i < 3; ++i) give();
        EXPECT_EQ(*bytes, std::string(64, 'p'));
        bytes.reset();
        EXPECT_EQ(received(ends[0]), "late bytes");
        close(ends);
    }
}

TEST_F(driver_uring, close_returns_when_the_kernel_has_let_go) {
    const auto ends = open_pair();
    std::string bytes(64, 'a');
    request first(receive, ends[0], bytes);
    request behind(receive, ends[0], bytes);
    request ready(readable, ends[0]);
    request full(writable, ends[0]);
    const std::string much(std::size_t{1} << 20, 'x');
    request fill(send, ends[0], const_cast<char*>(much.data()), much.size());
    while (world_->start(fill).done_at_once) {}
    for (request* r : {&first, &behind, &ready, &full})
        EXPECT_FALSE(world_->start(*r).done_at_once);
    give();
    EXPECT_EQ(driver_->in_kernel(), 2u) << "one for each direction";
    EXPECT_EQ(driver_->close(ends[0]), 0);
    EXPECT_EQ(driver_->in_kernel(), 0u);
    for (const request* r : {&first, &behind, &ready, &full, &fill}) {
        EXPECT_EQ(r->completions, 1);
        EXPECT_EQ(r->result, -EBADF);
    }
    std::ranges::fill(bytes, 'p');
    std::string rest(1 << 16, '\0');
    ssize_t n = 0;
    while ((n = ::recv(ends[1], rest.data(), rest.size(), MSG_DONTWAIT)) > 0) {}
    EXPECT_EQ(n, 0) << "the file is closed, so its peer sees the end";
    EXPECT_EQ(::send(ends[1], "x", 1, MSG_NOSIGNAL), -1);
    give();
    EXPECT_THAT(bytes, Each('p'));
    driver_->close(ends[1]);
}

TEST_F(driver_uring, what_was_received_before_a_close_is_not_lost) {
    int with_data = 0;
    for (int round = 0; round < 20; ++round) {
        const auto ends = open_pair();
        const auto others = open_pair();
        std::string bytes(8, '\0');
        request waiter(receive, ends[0], bytes);
        request beside(readable, others[0]);
        beside.then = [&] { driver_->close(ends[0]); };
        world_->start(beside);
        world_->start(waiter);
        give();
        send_bytes(others[1], "x");
        send_bytes(ends[1], "data");
        const std::int64_t result = world_->finish(waiter);
        EXPECT_THAT(result, AnyOf(4, -EBADF));
        if (result == 4) {
            EXPECT_EQ(bytes.substr(0, 4), "data");
        }
        with_data += result == 4;
        EXPECT_EQ(waiter.completions, 1);
        driver_->close(ends[1]);
        close(others);
    }
    EXPECT_EQ(with_data, 20) << "both were complete before either was told";
}

TEST_F(driver_uring, ten_thousand_wait_on_a_ring_of_eight_entries) {
    make(8);
    const auto ends = weft::testing::foreign_pipe();
    std::vector<std::unique_ptr<request>> waiters;
    for (int i = 0; i < 10'000; ++i) {
        waiters.push_back(std::make_unique<request>(readable, ends[0]));
        ASSERT_FALSE(world_->start(*waiters.back()).done_at_once);
    }
    give();
    EXPECT_EQ(driver_->in_kernel(), waiters.size());
    for (std::size_t i = 0; i < waiters.size(); i += 2) driver_->cancel(*waiters[i]);
    for (std::size_t i = 0; i < waiters.size(); i += 2)
        ASSERT_EQ(world_->finish(*waiters[i]), -ECANCELED);
    EXPECT_EQ(driver_->in_kernel(), waiters.size() / 2);
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    for (std::size_t i = 1; i < waiters.size(); i += 2) ASSERT_EQ(world_->finish(*waiters[i]), 0);
    for (const auto& waiter : waiters) ASSERT_EQ(waiter->completions, 1);
    weft::testing::close_foreign(ends);
}

TEST_F(driver_uring, accepts_connects_and_sends_files) {
    auto& calls = driver_->sockets();
    const int listener = calls.open(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::size_t size = sizeof address;
    ASSERT_EQ(calls.bind(listener, &address, size), 0);
    ASSERT_EQ(calls.listen(listener, 1), 0);
    ASSERT_EQ(calls.local_address(listener, &address, size), 0);
    request acceptance(accept, listener);
    EXPECT_FALSE(world_->start(acceptance).done_at_once);
    give();
    const int there = calls.open(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(world_->run(connect, there, &address, sizeof address), 0);
    const auto here = static_cast<int>(world_->finish(acceptance));
    ASSERT_GE(here, 0);
    EXPECT_NE(::fcntl(here, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(here, F_GETFD) & FD_CLOEXEC, 0);

    std::string path = ::testing::TempDir() + "weft_uring_XXXXXX";
    const weft::unique_fd file(::mkstemp(path.data()));
    ::unlink(path.c_str());
    const std::string text(std::size_t{4} << 20, 't');
    ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    std::size_t sent = 0;
    std::size_t got = 0;
    std::string part(std::size_t{1} << 16, '\0');
    while (got < text.size()) {
        weft::file_part from(file.get(), static_cast<std::int64_t>(sent));
        request sending(send_file, there, &from, text.size() - sent);
        if (sent < text.size()) world_->start(sending);
        while (got < text.size() && (got < sent || sending.pending)) {
            const std::int64_t n = world_->run(receive, here, part.data(), part.size());
            ASSERT_GT(n, 0);
            got += static_cast<std::size_t>(n);
        }
        if (sent < text.size()) {
            ASSERT_GT(world_->finish(sending), 0);
            sent += static_cast<std::size_t>(sending.result);
        }
    }
    EXPECT_EQ(got, text.size());

    request again(accept, listener);
    world_->start(again);
    give();
    driver_->cancel(again);
    EXPECT_EQ(world_->finish(again), -ECANCELED);
    for (const int fd : {here, there, listener}) driver_->close(fd);
    const int refused = calls.open(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(world_->run(connect, refused, &address, sizeof address), -ECONNREFUSED);
    driver_->close(refused);
}

TEST_F(driver_uring, messages_wait_with_their_headers) {
    const auto ends = open_pair(SOCK_DGRAM);
    std::string bytes(16, '\0');
    iovec part{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    request waiter(receive_message, ends[0], &header, sizeof header);
    EXPECT_FALSE(world_->start(waiter).done_at_once);
    give();
    char letter[] = "letter";
    iovec sent{letter, 6};
    msghdr envelope{};
    envelope.msg_iov = &sent;
    envelope.msg_iovlen = 1;
    EXPECT_EQ(world_->run(send_message, ends[1], &envelope, sizeof envelope), 6);
    EXPECT_EQ(world_->finish(waiter), 6);
    EXPECT_EQ(bytes.substr(0, 6), "letter");

    std::vector<std::unique_ptr<request>> sending;
    do {
        sending.push_back(
            std::make_unique<request>(send_message, ends[1], &envelope, sizeof envelope));
    } while (world_->start(*sending.back()).done_at_once);
    give();
    EXPECT_EQ(driver_->in_kernel(), 1u);
    for (const auto& one : sending) {
        EXPECT_EQ(world_->finish(*one), 6);
        EXPECT_EQ(received(ends[0]), "letter");
    }
    close(ends);
}

TEST_F(driver_uring, files_that_the_kernel_cannot_wait_on_by_itself_are_read_when_they_are_ready) {
    const std::string folder = ::testing::TempDir();
    const int watch = ::inotify_init1(IN_CLOEXEC);
    ASSERT_GE(::inotify_add_watch(watch, folder.c_str(), IN_CREATE), 0);
    const int counter = ::eventfd(0, EFD_CLOEXEC);
    for (const int fd : {watch, counter}) EXPECT_EQ(driver_->adopt(fd), 0);
    alignas(8) char bytes[4096];
    request change(read, watch, bytes, sizeof bytes);
    std::uint64_t count = 0;
    request counted(read, counter, &count, sizeof count);
    world_->start(change);
    world_->start(counted);
    give();
    std::string path = folder + "weft_uring_XXXXXX";
    const weft::unique_fd file(::mkstemp(path.data()));
    ::unlink(path.c_str());
    EXPECT_EQ(::eventfd_write(counter, 3), 0);
    EXPECT_GT(world_->finish(change), 0);
    EXPECT_EQ(world_->finish(counted), 8);
    EXPECT_EQ(count, 3u);
    driver_->close(watch);
    driver_->close(counter);
}

TEST_F(driver_uring, after_a_short_receive_the_next_one_is_not_attempted_in_vain) {
    const auto ends = open_pair();
    std::string bytes(8, '\0');
    request first(receive, ends[0], bytes);
    first.short_is_empty = true;
    send_bytes(ends[1], "short");
    EXPECT_TRUE(world_->start(first).done_at_once);
    for (int i = 0; i < 2; ++i) {
        send_bytes(ends[1], "there already");
        request second(receive, ends[0], bytes);
        second.short_is_empty = true;
        EXPECT_FALSE(world_->start(second).done_at_once);
        EXPECT_EQ(world_->finish(second), 8) << "the kernel finds it";
        request rest(receive, ends[0], bytes);
        rest.short_is_empty = true;
        EXPECT_TRUE(world_->start(rest).done_at_once) << "the last one was not short";
        EXPECT_EQ(rest.result, 5);
    }
    close(ends);
}

}  // namespace
