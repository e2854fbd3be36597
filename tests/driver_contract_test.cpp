// The rules of weft/core/driver.hpp, on every driver: bytes, readiness, order.

#include "tests/driver_contract_test.hpp"

#include <cerrno>
#include <cstddef>
#include <gmock/gmock.h>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using weft::submission;
using weft::testing::pipe_bytes;
using weft::testing::request;

class driver_transfers : public weft::testing::driver_contract {};

INSTANTIATE_TEST_SUITE_P(drivers, driver_transfers, ::testing::ValuesIn(weft::testing::setups()),
                         weft::testing::setup_name);

TEST_P(driver_transfers, what_is_written_is_read) {
    world_.write_all(out_, "hello");
    EXPECT_EQ(world_.read_all(in_, 5), "hello");
}

TEST_P(driver_transfers, a_read_waits_for_bytes) {
    std::string bytes(4, '\0');
    request read_one(read, in_, bytes);
    EXPECT_FALSE(world_.start(read_one).done_at_once);
    world_.poll();
    EXPECT_FALSE(read_one.is_complete());
    world_.write_all(out_, "x");
    EXPECT_EQ(world_.finish(read_one), 1);
    EXPECT_EQ(bytes.front(), 'x');
    EXPECT_EQ(read_one.completions, 1);
    EXPECT_FALSE(read_one.pending);
}

TEST_P(driver_transfers, a_read_gives_0_at_the_end) {
    world_.write_all(out_, "last");
    driver_->close(out_);
    EXPECT_EQ(world_.read_all(in_, 100), "last");
    char byte = 0;
    EXPECT_EQ(world_.run(read, in_, &byte, 1), 0);
    EXPECT_EQ(world_.run(readable, in_), 0) << "an end does not block";
}

TEST_P(driver_transfers, a_read_that_waits_meets_the_end) {
    char bytes[2][8];
    request one(read, in_, bytes[0], 8);
    request two(read, in_, bytes[1], 8);
    request three(readable, in_);
    for (request* r : {&one, &two, &three}) EXPECT_FALSE(world_.start(*r).done_at_once);
    driver_->close(out_);
    for (request* r : {&one, &two, &three}) EXPECT_EQ(world_.finish(*r), 0);
}

TEST_P(driver_transfers, a_write_that_nobody_reads_fails_without_a_signal) {
    driver_->close(in_);
    EXPECT_EQ(world_.write_some(out_, "x"), -EPIPE);
    EXPECT_EQ(world_.run(writable, out_), 0) << "an error does not block";
}

TEST_P(driver_transfers, a_write_that_waits_meets_the_readers_end) {
    fill();
    std::string bytes(10, 'y');
    request blocked(write, out_, bytes);
    request room(writable, out_);
    EXPECT_FALSE(world_.start(blocked).done_at_once);
    EXPECT_FALSE(world_.start(room).done_at_once);
    driver_->close(in_);
    EXPECT_EQ(world_.finish(blocked), -EPIPE);
    EXPECT_EQ(world_.finish(room), 0);
}

TEST_P(driver_transfers, a_write_waits_for_room) {
    fill();
    std::string bytes(10, 'y');
    request blocked(write, out_, bytes);
    EXPECT_FALSE(world_.start(blocked).done_at_once);
    world_.poll();
    EXPECT_FALSE(blocked.is_complete());
    EXPECT_EQ(world_.read_all(in_, pipe_bytes), std::string(pipe_bytes, 'x'));
    EXPECT_THAT(world_.finish(blocked), ::testing::AllOf(::testing::Ge(1), ::testing::Le(10)));
}

TEST_P(driver_transfers, readiness_to_write_comes_with_room) {
    EXPECT_EQ(world_.run(writable, out_), 0);
    fill();
    request room(writable, out_);
    EXPECT_FALSE(world_.start(room).done_at_once);
    world_.poll();
    EXPECT_FALSE(room.is_complete());
    world_.read_all(in_, pipe_bytes);
    EXPECT_EQ(world_.finish(room), 0);
}

TEST_P(driver_transfers, those_that_came_first_are_served_first) {
    constexpr std::size_t count = 20;
    std::string bytes(count, '\0');
    std::vector<std::unique_ptr<request>> reads;
    for (char& byte : bytes) {
        reads.push_back(std::make_unique<request>(read, in_, &byte, 1));
        EXPECT_FALSE(world_.start(*reads.back()).done_at_once);
    }
    world_.write_all(out_, "abcdefghij");
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(world_.finish(*reads[i]), 1);
    world_.poll();
    for (std::size_t i = 10; i < count; ++i) EXPECT_FALSE(reads[i]->is_complete());
    world_.write_all(out_, "klmnopqrst");
    for (const auto& one : reads) EXPECT_EQ(world_.finish(*one), 1);
    EXPECT_EQ(bytes, "abcdefghijklmnopqrst");
}

TEST_P(driver_transfers, who_comes_late_does_not_overtake) {
    char first = 0;
    char second = 0;
    request one(read, in_, &first, 1);
    world_.start(one);
    world_.write_all(out_, "ab");  // may be before the first has been attempted again
    request two(read, in_, &second, 1);
    world_.start(two);
    EXPECT_EQ(world_.finish(one), 1);
    EXPECT_EQ(world_.finish(two), 1);
    EXPECT_EQ(first, 'a');
    EXPECT_EQ(second, 'b');
}

TEST_P(driver_transfers, a_completion_may_submit_again) {
    std::string received;
    char byte = 0;
    request again(read, in_, &byte, 1);
    again.then = [&] {
        received += byte;
        while (received.size() < 3 && driver_->submit(again) == submission::done) received += byte;
    };
    world_.start(again);
    world_.write_all(out_, "abc");
    world_.wait_until([&] { return received.size() == 3; });
    EXPECT_EQ(received, "abc");
}

TEST_P(driver_transfers, no_bytes_are_moved_at_once) {
    request nothing(read, in_, nullptr, 0);
    EXPECT_TRUE(world_.start(nothing).done_at_once);
    EXPECT_EQ(nothing.result, 0);
}

TEST_P(driver_transfers, both_ends_of_a_large_transfer_live_in_one_thread) {
    constexpr std::size_t total = std::size_t{1} << 20;
    std::string sent(total, '\0');
    for (std::size_t i = 0; i < total; ++i) sent[i] = static_cast<char>(i * 31 + i / 251);
    std::string received(total, '\0');
    std::size_t sent_count = 0;
    std::size_t received_count = 0;
    const auto advance = [&](std::optional<request>& r, std::size_t& at, auto code, int fd,
                             std::string& bytes) {
        if (r && !r->is_complete()) return;
        if (r) {
            ASSERT_GT(r->result, 0);
            at += static_cast<std::size_t>(r->result);
            r.reset();
        }
        if (at < total) world_.start(r.emplace(code, fd, bytes.data() + at, total - at));
    };
    std::optional<request> writes;
    std::optional<request> reads;
    while (received_count < total && !HasFatalFailure()) {
        advance(writes, sent_count, write, out_, sent);
        advance(reads, received_count, read, in_, received);
        const bool both_wait = (!writes || writes->pending) && (!reads || reads->pending);
        driver_->park(both_wait && reads ? driver_->now() + 20s : weft::clock::time_point::min());
    }
    EXPECT_EQ(sent_count, total);
    EXPECT_TRUE(sent == received);
}

TEST_P(driver_transfers, many_pipes_wait_at_once) {
    constexpr std::size_t count = 300;
    std::vector<std::array<int, 2>> pipes;
    std::vector<std::unique_ptr<request>> waiters;
    for (std::size_t i = 0; i < count; ++i) {
        pipes.push_back(driver_->open_pipe());
        waiters.push_back(std::make_unique<request>(readable, pipes.back()[0]));
        EXPECT_FALSE(world_.start(*waiters.back()).done_at_once);
    }
    for (std::size_t i = 0; i < count; i += 2) world_.write_all(pipes[i][1], "x");
    for (std::size_t i = 0; i < count; i += 2) EXPECT_EQ(world_.finish(*waiters[i]), 0);
    for (std::size_t i = 1; i < count; i += 2) EXPECT_FALSE(waiters[i]->is_complete());
    for (const auto& ends : pipes)
        for (const int end : ends) EXPECT_EQ(driver_->close(end), 0);
    for (const auto& waiter : waiters) EXPECT_EQ(waiter->completions, 1);
}

}  // namespace
