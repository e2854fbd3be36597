// What others do behind the driver's back: close and reuse descriptors, fork, use them all up.

#include "weft/base/descriptor_limit_test.hpp"
#include "weft/base/fd.hpp"
#include "weft/io/driver_epoll.hpp"
#include "weft/io/fork_test.hpp"
#include "weft/testing/driver_test.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using ::testing::HasSubstr;
using weft::unique_fd;
using weft::testing::descriptor_limit;
using weft::testing::emfile_of;
using weft::testing::request;

class driver_epoll_foreign : public ::testing::Test {
protected:
    weft::driver_epoll driver_;
    weft::testing::world world_{driver_};
};

/// A pipe that the driver has not seen; its numbers are the lowest free ones.
std::array<int, 2> foreign_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    return ends;
}

void close_both(const std::array<int, 2>& ends) {
    for (const int end : ends) ::close(end);
}

TEST_F(driver_epoll_foreign, a_number_is_closed_and_reused_unseen) {
    std::array<int, 2> before{};
    for (int round = 0; round < 5; ++round) {
        const auto ends = foreign_pipe();
        if (round > 0) {
            ASSERT_EQ(ends, before) << "the case that is tested";
        }
        before = ends;
        request waiter(readable, ends[0]);
        ASSERT_FALSE(world_.start(waiter).done_at_once);
        world_.poll();
        EXPECT_FALSE(waiter.is_complete());
        EXPECT_EQ(world_.write_some(ends[1], "x"), 1);
        EXPECT_EQ(world_.finish(waiter), 0);
        close_both(ends);
    }
    EXPECT_EQ(driver_.stats().watches, 5u);
}

TEST_F(driver_epoll_foreign, who_waited_for_a_file_that_is_gone_is_told_by_the_next_wait) {
    const auto ends = foreign_pipe();
    request old(readable, ends[0]);
    ASSERT_FALSE(world_.start(old).done_at_once);
    close_both(ends);
    const auto again = foreign_pipe();
    ASSERT_EQ(again, ends);
    request fresh(readable, again[0]);
    ASSERT_FALSE(world_.start(fresh).done_at_once);
    EXPECT_EQ(old.completions, 0) << "only from park";
    EXPECT_EQ(world_.finish(old), -EBADF);
    world_.poll();
    EXPECT_FALSE(fresh.is_complete());
    EXPECT_EQ(world_.write_some(again[1], "x"), 1);
    EXPECT_EQ(world_.finish(fresh), 0);
    close_both(again);
}

TEST_F(driver_epoll_foreign,
       who_waited_for_a_file_that_is_gone_is_told_when_its_number_is_adopted) {
    const auto ends = driver_.open_pipe();
    request old(readable, ends[0]);
    ASSERT_FALSE(world_.start(old).done_at_once);
    close_both(ends);
    const auto again = foreign_pipe();
    ASSERT_EQ(again, ends);
    EXPECT_EQ(driver_.adopt(again[0]), 0);
    EXPECT_EQ(world_.finish(old), -EBADF);
    request fresh(readable, again[0]);
    ASSERT_FALSE(world_.start(fresh).done_at_once);
    EXPECT_EQ(world_.write_some(again[1], "x"), 1);
    EXPECT_EQ(world_.finish(fresh), 0);
    for (const int end : again) driver_.close(end);
}

TEST_F(driver_epoll_foreign, waiting_for_what_is_closed_fails_for_all) {
    const auto ends = foreign_pipe();
    request old(readable, ends[0]);
    ASSERT_FALSE(world_.start(old).done_at_once);
    close_both(ends);
    EXPECT_EQ(world_.run(readable, ends[0]), -EBADF);
    EXPECT_EQ(world_.finish(old), -EBADF);
}

TEST_F(driver_epoll_foreign, a_duplicate_that_lives_on_does_not_speak_for_the_number) {
    const auto ends = driver_.open_pipe();
    request old(readable, ends[0]);
    ASSERT_FALSE(world_.start(old).done_at_once);
    const unique_fd duplicate(::fcntl(ends[0], F_DUPFD_CLOEXEC, 500));
    const unique_fd writer(::fcntl(ends[1], F_DUPFD_CLOEXEC, 500));
    close_both(ends);  // the kernel goes on watching, for the sake of the duplicate
    const auto again = foreign_pipe();
    ASSERT_EQ(again, ends);
    EXPECT_EQ(driver_.adopt(again[0]), 0);
    request fresh(readable, again[0]);
    ASSERT_FALSE(world_.start(fresh).done_at_once);
    EXPECT_EQ(world_.write_some(writer.get(), "to the old pipe"), 15);
    EXPECT_EQ(world_.finish(old), -EBADF);
    const auto events = driver_.stats().events;
    world_.poll();
    world_.poll();
    EXPECT_GT(driver_.stats().events, 0u);
    EXPECT_FALSE(fresh.is_complete()) << events;
    for (const int end : again) driver_.close(end);
    EXPECT_EQ(fresh.result, -EBADF);
}

TEST_F(driver_epoll_foreign, what_the_driver_closes_is_watched_no_more_though_a_duplicate_lives) {
    const auto ends = driver_.open_pipe();
    request waiter(readable, ends[0]);
    world_.start(waiter);
    const unique_fd duplicate(::dup(ends[0]));
    driver_.close(ends[0]);
    EXPECT_EQ(waiter.result, -EBADF);
    EXPECT_EQ(world_.write_some(ends[1], "x"), 1);
    driver_.park(driver_.now() + 1ms);
    EXPECT_EQ(driver_.stats().events, 0u);
    driver_.close(ends[1]);
}

TEST(driver_epoll_fork, a_child_does_not_touch_its_parents_world) {
    weft::testing::expect_a_child_leaves_its_parent_alone<weft::driver_epoll>();
}

TEST(driver_epoll_limits, without_descriptors_it_says_what_was_attempted) {
    const int free_before = descriptor_limit::lowest_free();
    const auto make = [] { const weft::driver_epoll driver; };
    make();  // see emfile_of
    EXPECT_THAT(emfile_of(0, make), HasSubstr("creating the eventfd of a loop"));
    EXPECT_THAT(emfile_of(1, make), HasSubstr("creating the epoll set of a loop"));
    EXPECT_EQ(emfile_of(2, make), "");
    EXPECT_EQ(descriptor_limit::lowest_free(), free_before) << "none leaks";
}

TEST(driver_epoll_limits, without_descriptors_there_is_no_pipe) {
    weft::driver_epoll driver;
    const auto open = [&] { static_cast<void>(driver.open_pipe()); };
    EXPECT_THAT(emfile_of(1, open), HasSubstr("opening a pipe"));
}

}  // namespace
