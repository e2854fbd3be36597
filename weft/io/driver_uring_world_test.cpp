// What is around a driver_uring: threads, signals, forks, other polls, what others do behind its
// back, and how it is chosen.

#include "weft/base/descriptor_limit_test.hpp"
#include "weft/base/error.hpp"
#include "weft/io/driver_uring_test.hpp"
#include "weft/io/fork_test.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using ::testing::HasSubstr;
using weft::testing::close_foreign;
using weft::testing::descriptor_limit;
using weft::testing::emfile_of;
using weft::testing::foreign_pipe;
using weft::testing::request;

class driver_uring_world : public weft::testing::uring_fixture {};

TEST_F(driver_uring_world, polling_while_nothing_is_new_asks_nobody) {
    const auto [in, out] = driver_->open_pipe();
    for (int i = 0; i < 100; ++i) give();
    EXPECT_EQ(driver_->stats().enters, 0u);
    request waiter(readable, in);
    world_->start(waiter);
    for (int i = 0; i < 100; ++i) give();
    EXPECT_EQ(driver_->stats().enters, 1u);
    driver_->wake();
    driver_->park(weft::clock::never);
    EXPECT_EQ(driver_->stats().enters, 1u);
    EXPECT_EQ(driver_->stats().wake_writes, 0u);
    driver_->close(in);
    driver_->close(out);
}

TEST_F(driver_uring_world, an_idle_park_is_one_wait) {
    const auto deadline = driver_->now() + 20ms;
    driver_->park(deadline);
    EXPECT_GE(driver_->now(), deadline);
    EXPECT_EQ(driver_->stats().enters, 1u);
    EXPECT_EQ(driver_->stats().completions, 0u);
}

weft::driver* woken = nullptr;
std::atomic<int> signals{0};

TEST_F(driver_uring_world, a_signal_handler_may_wake_and_one_that_does_not_harms_nothing) {
    woken = driver_.get();
    const auto [in, out] = driver_->open_pipe();
    std::string bytes(8, '\0');
    request waiter(read, in, bytes);
    world_->start(waiter);
    struct sigaction old{};
    struct sigaction noted{};
    struct sigaction wakes{};
    noted.sa_handler = [](int) { ++signals; };
    wakes.sa_handler = [](int) { woken->wake(); };
    ::sigaction(SIGUSR1, &wakes, &old);
    ::raise(SIGUSR1);
    driver_->park(weft::clock::never);
    for (const bool is_wake : {true, false}) {
        ::sigaction(SIGUSR1, is_wake ? &wakes : &noted, nullptr);
        std::atomic<bool> is_over{false};
        std::thread other([&, loop = ::pthread_self()] {
            while (!is_over) {
                ::pthread_kill(loop, SIGUSR1);
                std::this_thread::yield();
            }
        });
        for (int i = 0; i < 50; ++i)
            driver_->park(is_wake ? weft::clock::never : driver_->now() + 100us);
        is_over = true;
        other.join();
    }
    ::sigaction(SIGUSR1, &old, nullptr);
    EXPECT_FALSE(waiter.is_complete());
    EXPECT_EQ(world_->write_some(out, "x"), 1);
    EXPECT_EQ(world_->finish(waiter), 1);
    driver_->close(in);
    driver_->close(out);
}

TEST_F(driver_uring_world, a_loop_may_go_to_another_thread) {
    for (const bool is_exclusive : {true, false}) {
        make(8, is_exclusive);
        const auto [in, out] = driver_->open_pipe();
        const auto [other_in, other_out] = driver_->open_pipe();
        std::string bytes(8, '\0');
        request waiter(read, in, bytes);
        request ended(readable, other_in);
        std::thread first([&] {
            world_->start(waiter);
            world_->start(ended);
            give();
            EXPECT_EQ(driver_->in_kernel(), 2u);
            driver_->cancel(ended);
        });
        first.join();
        EXPECT_EQ(world_->finish(ended), -ECANCELED);
        EXPECT_FALSE(waiter.is_complete());
        EXPECT_EQ(driver_->in_kernel(), 1u) << "it was given to it again";
        EXPECT_EQ(world_->write_some(out, "moved"), 5);
        EXPECT_EQ(world_->finish(waiter), 5);
        EXPECT_EQ(bytes.substr(0, 5), "moved");
        std::thread second([&] {
            driver_->wake();
            driver_->park(weft::clock::never);
            driver_->park(driver_->now() + 1ms);
        });
        second.join();
        for (const int fd : {in, out, other_in, other_out}) driver_->close(fd);
    }
}

/// A thread of this process waits in the kernel (proc_pid_stat(5)).
bool is_asleep(pid_t thread) {
    std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
    const std::string text(std::istreambuf_iterator<char>(stat), {});
    const std::size_t name_end = text.rfind(')');
    return name_end != std::string::npos && text.substr(name_end + 2, 1) == "S";
}

TEST_F(driver_uring_world, an_outer_poll_is_told_of_completions_wakes_and_deadlines) {
    const auto [in, out] = driver_->open_pipe();
    std::string bytes(8, '\0');
    request early(read, in, bytes);
    world_->start(early);
    give();
    EXPECT_EQ(driver_->in_kernel(), 1u);
    pollfd outer{driver_->descriptor(), POLLIN, 0};
    EXPECT_EQ(driver_->in_kernel(), 0u) << "it has another ring from now on";
    give();
    EXPECT_EQ(::write(out, "x", 1), 1);
    const auto is_readable = [&](int milliseconds) {
        return ::poll(&outer, 1, milliseconds) == 1 && (outer.revents & POLLIN) != 0;
    };
    EXPECT_TRUE(is_readable(0)) << "nobody knows yet what there is to do";
    give();
    EXPECT_EQ(early.result, 1);
    // What happens while one waits, not before.
    const auto soon = [waits = ::gettid()](auto act) {
        return std::thread([waits, act] {
            while (!is_asleep(waits)) std::this_thread::yield();
            act();
        });
    };
    for (int round = 0; round < 3; ++round) {
        request waiter(read, in, bytes);
        world_->start(waiter);
        EXPECT_TRUE(driver_->prepare(weft::clock::never));
        EXPECT_FALSE(is_readable(0));
        std::thread writer = soon([to = out] { EXPECT_EQ(::write(to, "x", 1), 1); });
        EXPECT_TRUE(is_readable(5000));
        writer.join();
        give();
        EXPECT_EQ(waiter.result, 1);

        EXPECT_TRUE(driver_->prepare(weft::clock::never));
        EXPECT_FALSE(is_readable(0));
        std::thread waker = soon([this] { driver_->wake(); });
        EXPECT_TRUE(is_readable(5000));
        waker.join();
        give();

        const auto deadline = driver_->now() + 3ms;
        EXPECT_TRUE(driver_->prepare(deadline));
        EXPECT_TRUE(is_readable(5000));
        EXPECT_GE(driver_->now(), deadline);
        give();
        EXPECT_FALSE(driver_->prepare(driver_->now())) << "there is something to do at once";
        EXPECT_TRUE(is_readable(5000));
        give();

        request ended(read, in, bytes);
        world_->start(ended);
        EXPECT_TRUE(driver_->prepare(weft::clock::never));
        driver_->cancel(ended);
        driver_->prepare(weft::clock::never);
        EXPECT_TRUE(is_readable(5000)) << "it is given back";
        give();
        EXPECT_EQ(ended.result, -ECANCELED);
    }
    driver_->close(in);
    driver_->close(out);
}

TEST_F(driver_uring_world, a_number_is_closed_and_reused_unseen) {
    for (int round = 0; round < 5; ++round) {
        const auto ends = foreign_pipe();
        request waiter(readable, ends[0]);
        ASSERT_FALSE(world_->start(waiter).done_at_once);
        give();
        EXPECT_FALSE(waiter.is_complete());
        EXPECT_EQ(world_->write_some(ends[1], "x"), 1);
        EXPECT_EQ(world_->finish(waiter), 0);
        close_foreign(ends);
    }
}

TEST_F(driver_uring_world, who_waits_for_a_file_that_is_gone_does_not_hinder_the_next) {
    const auto ends = foreign_pipe();
    request old(readable, ends[0]);
    ASSERT_FALSE(world_->start(old).done_at_once);
    give();
    const weft::unique_fd writer(::fcntl(ends[1], F_DUPFD_CLOEXEC, 500));
    close_foreign(ends);
    const auto again = foreign_pipe();
    ASSERT_EQ(again, ends);
    request fresh(readable, again[0]);
    ASSERT_FALSE(world_->start(fresh).done_at_once);
    EXPECT_EQ(world_->write_some(again[1], "x"), 1);
    EXPECT_EQ(world_->finish(fresh), 0);
    EXPECT_FALSE(old.is_complete());
    EXPECT_EQ(driver_->close(again[0]), 0);
    EXPECT_EQ(old.result, -EBADF) << "its number is closed";
    ::close(again[1]);
}

TEST_F(driver_uring_world, who_waits_for_a_file_that_is_gone_is_told_when_its_number_is_adopted) {
    const auto ends = driver_->open_pipe();
    request old(readable, ends[0]);
    request behind(readable, ends[0]);
    world_->start(old);
    world_->start(behind);
    give();
    EXPECT_EQ(driver_->adopt(ends[0]), 0) << "the same file";
    give();
    EXPECT_FALSE(old.is_complete());
    EXPECT_EQ(driver_->in_kernel(), 1u);
    const weft::unique_fd writer(::fcntl(ends[1], F_DUPFD_CLOEXEC, 500));
    close_foreign(ends);
    const auto again = foreign_pipe();
    ASSERT_EQ(again, ends);
    EXPECT_EQ(driver_->adopt(again[0]), 0);
    EXPECT_EQ(old.completions, 0) << "only from park";
    EXPECT_EQ(world_->finish(old), -EBADF);
    EXPECT_EQ(world_->finish(behind), -EBADF);
    request fresh(readable, again[0]);
    ASSERT_FALSE(world_->start(fresh).done_at_once);
    EXPECT_EQ(world_->write_some(again[1], "x"), 1);
    EXPECT_EQ(world_->finish(fresh), 0);
    for (const int end : again) driver_->close(end);
}

TEST_F(driver_uring_world, who_waits_for_a_file_that_is_gone_is_told_when_its_number_is_opened) {
    const auto ends = driver_->open_pipe();
    request old(readable, ends[0]);
    world_->start(old);
    give();
    const weft::unique_fd writer(::fcntl(ends[1], F_DUPFD_CLOEXEC, 500));
    close_foreign(ends);
    const auto again = driver_->open_pipe();
    ASSERT_EQ(again, ends);
    EXPECT_EQ(world_->finish(old), -EBADF);
    for (const int end : again) driver_->close(end);
}

TEST_F(driver_uring_world, readers_of_a_foreign_descriptor_each_get_something) {
    const auto ends = foreign_pipe();
    std::string bytes(10, '\0');
    std::vector<std::unique_ptr<request>> readers;
    for (char& byte : bytes) {
        readers.push_back(std::make_unique<request>(read, ends[0], &byte, 1));
        world_->start(*readers.back());
    }
    give();
    EXPECT_EQ(world_->write_some(ends[1], "abcde"), 5);
    EXPECT_EQ(world_->write_some(ends[1], "fghij"), 5);
    for (const auto& one : readers) EXPECT_EQ(world_->finish(*one), 1);
    EXPECT_THAT(bytes, ::testing::UnorderedElementsAreArray(std::string("abcdefghij")));
    close_foreign(ends);
}

TEST_F(driver_uring_world, a_child_of_fork_does_not_touch_the_ring) {
    weft::testing::expect_a_child_leaves_its_parent_alone<weft::driver_uring>();
}

TEST_F(driver_uring_world, without_descriptors_it_says_what_was_attempted) {
    const int free_before = descriptor_limit::lowest_free();
    const auto make = [] { const weft::driver_uring driver; };
    make();  // see emfile_of
    EXPECT_THAT(emfile_of(0, make), HasSubstr("creating the eventfd of a loop"));
    EXPECT_THAT(emfile_of(1, make), HasSubstr("creating the io_uring of a loop"));
    EXPECT_EQ(emfile_of(2, make), "");
    EXPECT_EQ(descriptor_limit::lowest_free(), free_before) << "none leaks";
}

using driver_uring_death = driver_uring_world;

TEST_F(driver_uring_death, a_driver_with_pending_operations_is_not_destroyed) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            weft::driver_uring driver;
            request waiter(readable, driver.open_pipe()[0]);
            static_cast<void>(driver.submit(waiter));
        },
        "cancel them and park");
}

/// WEFT_DRIVER is that while it lives; "" is none.
class chosen {
public:
    explicit chosen(const char* name) {
        const char* const before = std::getenv("WEFT_DRIVER");
        before_ = before == nullptr ? "" : before;
        set(name);
    }
    chosen(const chosen&) = delete;
    chosen& operator=(const chosen&) = delete;
    ~chosen() { set(before_.c_str()); }

private:
    static void set(const char* name) {
        *name == '\0' ? ::unsetenv("WEFT_DRIVER") : ::setenv("WEFT_DRIVER", name, 1);
    }
    std::string before_;
};

TEST(make_driver, is_chosen_by_the_environment) {
    {
        const chosen by("");
        EXPECT_STREQ(weft::make_driver()->name(), "epoll");
    }
    {
        const chosen by("epoll");
        EXPECT_STREQ(weft::make_driver()->name(), "epoll");
    }
    const chosen by("io_uring");
    if (weft::is_possible(weft::driver_kind::io_uring)) {
        EXPECT_STREQ(weft::make_driver()->name(), "io_uring");
    } else {
        EXPECT_THROW(static_cast<void>(weft::make_driver()), std::system_error);
    }
}

TEST(make_driver, says_which_there_are_when_the_environment_is_misspelt) {
    const chosen by("iouring");
    std::string text;
    try {
        static_cast<void>(weft::make_driver());
    } catch (const weft::usage_error& e) {
        text = e.what();
    }
    EXPECT_THAT(text, HasSubstr("WEFT_DRIVER=iouring"));
    EXPECT_THAT(text, HasSubstr("epoll or io_uring"));
}

TEST(make_driver, makes_one_of_the_kind_that_is_asked_for) {
    EXPECT_TRUE(weft::is_possible(weft::driver_kind::epoll));
    EXPECT_STREQ(weft::make_driver(weft::driver_kind::epoll)->name(), "epoll");
    if (!weft::is_possible(weft::driver_kind::io_uring)) GTEST_SKIP() << weft::why_no_io_uring();
    EXPECT_EQ(weft::why_no_io_uring(), "");
    EXPECT_STREQ(weft::make_driver(weft::driver_kind::io_uring)->name(), "io_uring");
}

}  // namespace
