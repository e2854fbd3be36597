// The rules of weft/core/driver.hpp, on every driver: cancelling, closing, waking.

#include "tests/driver_contract_test.hpp"

#include <atomic>
#include <cerrno>
#include <gmock/gmock.h>
#include <thread>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using ::testing::AnyOf;
using weft::testing::request;

class driver_ends : public weft::testing::driver_contract {};

INSTANTIATE_TEST_SUITE_P(drivers, driver_ends, ::testing::ValuesIn(weft::testing::setups()),
                         weft::testing::setup_name);

TEST_P(driver_ends, readiness_to_read_takes_nothing_and_wakes_all_who_wait) {
    std::vector<std::unique_ptr<request>> waiters;
    for (int i = 0; i < 10; ++i) {
        waiters.push_back(std::make_unique<request>(readable, in_));
        EXPECT_FALSE(world_.start(*waiters.back()).done_at_once);
    }
    world_.write_all(out_, "abc");
    for (const auto& waiter : waiters) EXPECT_EQ(world_.finish(*waiter), 0);
    EXPECT_EQ(world_.run(readable, in_), 0);
    EXPECT_EQ(world_.read_all(in_, 3), "abc");
}

TEST_P(driver_ends, a_cancelled_operation_completes_from_park_and_takes_nothing) {
    std::string bytes(4, '\0');
    request waiter(read, in_, bytes);
    world_.start(waiter);
    driver_->cancel(waiter);
    driver_->cancel(waiter);
    EXPECT_FALSE(waiter.is_complete()) << "cancel is a request";
    EXPECT_TRUE(waiter.pending);
    driver_->park(weft::clock::never);
    EXPECT_EQ(waiter.completions, 1);
    EXPECT_EQ(waiter.result, -ECANCELED);
    world_.write_all(out_, "kept");
    EXPECT_EQ(world_.read_all(in_, 4), "kept");
    EXPECT_EQ(waiter.completions, 1);
}

TEST_P(driver_ends, a_cancellation_that_meets_the_bytes_loses_none) {
    char byte = 0;
    request waiter(read, in_, &byte, 1);
    world_.start(waiter);
    world_.write_all(out_, "x");
    if (waiter.pending) driver_->cancel(waiter);
    const std::int64_t result = world_.finish(waiter);
    EXPECT_THAT(result, AnyOf(1, -ECANCELED));
    if (result < 0) world_.run(read, in_, &byte, 1);
    EXPECT_EQ(byte, 'x');
}

TEST_P(driver_ends, a_cancellation_of_one_leaves_the_others) {
    char bytes[3] = {};
    request one(read, in_, &bytes[0], 1);
    request two(read, in_, &bytes[1], 1);
    request three(read, in_, &bytes[2], 1);
    for (request* r : {&one, &two, &three}) world_.start(*r);
    driver_->cancel(one);
    driver_->cancel(two);
    EXPECT_EQ(world_.finish(one), -ECANCELED);
    EXPECT_EQ(world_.finish(two), -ECANCELED);
    EXPECT_FALSE(three.is_complete());
    world_.write_all(out_, "z");
    EXPECT_EQ(world_.finish(three), 1);
    EXPECT_EQ(bytes[2], 'z');
}

TEST_P(driver_ends, a_completion_may_cancel_who_waits_beside_it) {
    request one(readable, in_);
    request two(readable, in_);
    request three(readable, out_);  // never, while the pipe has a reader
    for (request* r : {&one, &two, &three}) world_.start(*r);
    const auto cancel_all = [&] {
        for (request* r : {&one, &two, &three})
            if (r->pending) driver_->cancel(*r);
    };
    for (request* r : {&one, &two, &three}) r->then = cancel_all;
    world_.write_all(out_, "x");
    world_.wait_until([&] { return one.completions + two.completions + three.completions == 3; });
    EXPECT_EQ(three.result, -ECANCELED);
    for (request* r : {&one, &two, &three}) EXPECT_EQ(r->completions, 1);
}

TEST_P(driver_ends, a_completion_may_close_what_others_wait_on) {
    request one(readable, in_);
    std::string bytes(4, '\0');
    request two(read, out_, bytes);
    request three(writable, in_);
    one.then = [&] { driver_->close(in_); };
    world_.start(one);
    EXPECT_EQ(world_.start(two).result, -EBADF) << "the end to write to";
    world_.start(three);
    world_.write_all(out_, "x");
    EXPECT_EQ(world_.finish(one), 0);
    EXPECT_EQ(world_.finish(three), -EBADF);
}

TEST_P(driver_ends, who_waits_on_a_descriptor_that_is_closed_is_told_at_once) {
    fill();
    std::string bytes(8, '\0');
    request blocked(write, out_, bytes);
    request room(writable, out_);
    request failed(readable, out_);
    for (request* r : {&blocked, &room, &failed}) EXPECT_FALSE(world_.start(*r).done_at_once);
    EXPECT_EQ(driver_->close(out_), 0);
    for (request* r : {&blocked, &room, &failed}) {
        EXPECT_EQ(r->completions, 1);
        EXPECT_EQ(r->result, -EBADF);
    }
    world_.poll();
    EXPECT_EQ(blocked.completions, 1);
    EXPECT_EQ(driver_->close(out_), -EBADF);
}

TEST_P(driver_ends, a_number_that_is_opened_again_is_another_descriptor) {
    for (int round = 0; round < 5; ++round) {
        request waiter(readable, in_);
        EXPECT_FALSE(world_.start(waiter).done_at_once);
        driver_->close(in_);
        EXPECT_EQ(waiter.result, -EBADF);
        driver_->close(out_);
        pipe_ = driver_->open_pipe();
        EXPECT_EQ(pipe_[0], in_);
        EXPECT_EQ(pipe_[1], out_);
        char byte = 0;
        request fresh(read, in_, &byte, 1);
        EXPECT_FALSE(world_.start(fresh).done_at_once);
        world_.poll();
        EXPECT_FALSE(fresh.is_complete());
        world_.write_all(out_, "n");
        EXPECT_EQ(world_.finish(fresh), 1);
        EXPECT_EQ(byte, 'n');
    }
}

TEST_P(driver_ends, what_is_not_open_fails_at_once) {
    char byte = 0;
    for (const int fd : {-1, 900'000, (1 << 28) + 900'000}) {
        for (const auto code : {readable, writable, read, write}) {
            request r(code, fd, &byte, 1);
            EXPECT_TRUE(world_.start(r).done_at_once);
            EXPECT_EQ(r.result, -EBADF);
        }
        EXPECT_EQ(driver_->adopt(fd), -EBADF);
        EXPECT_EQ(driver_->close(fd), -EBADF);
    }
    request wrong_way(write, in_, &byte, 1);
    EXPECT_TRUE(world_.start(wrong_way).done_at_once);
    EXPECT_EQ(wrong_way.result, -EBADF);
}

TEST_P(driver_ends, adopting_what_waits_changes_nothing) {
    request waiter(readable, in_);
    world_.start(waiter);
    EXPECT_EQ(driver_->adopt(in_), 0);
    world_.poll();
    EXPECT_FALSE(waiter.is_complete());
    world_.write_all(out_, "x");
    EXPECT_EQ(world_.finish(waiter), 0);
}

TEST_P(driver_ends, park_returns_at_its_deadline) {
    const weft::clock::time_point deadline = driver_->now() + 1500us;
    while (driver_->now() < deadline) driver_->park(deadline);
    driver_->park(deadline);
    driver_->park(driver_->now());
    SUCCEED();
}

TEST_P(driver_ends, a_wake_lets_the_next_park_return) {
    request waiter(readable, in_);
    world_.start(waiter);
    for (int round = 0; round < 3; ++round) {
        driver_->wake();
        driver_->wake();
        driver_->park(weft::clock::never);
    }
    EXPECT_FALSE(waiter.is_complete());
    driver_->cancel(waiter);
    world_.finish(waiter);
}

TEST_P(driver_ends, a_wake_comes_from_any_thread) {
    for (int round = 0; round < 50; ++round) {
        std::atomic<bool> is_set{false};
        std::thread other([&] {
            is_set = true;
            driver_->wake();
        });
        while (!is_set) driver_->park(weft::clock::never);
        other.join();
    }
}

TEST_P(driver_ends, many_threads_wake_one_loop) {
    constexpr int per_thread = 200;
    std::atomic<int> posted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < per_thread; ++i) {
                ++posted;
                driver_->wake();
            }
        });
    while (posted < 4 * per_thread) driver_->park(weft::clock::never);
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
