#include "weft/core/watchdog.hpp"

#include "weft/core/control_block.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using weft::detail::control_block;
using weft::detail::entering_park;
using weft::detail::left_park;
using weft::detail::unwatch;
using weft::detail::watch;
using weft::detail::watchdog_stats;
using weft::detail::watched_loop;

/// Spins; for as long as no sane machine takes.
template <class Condition>
[[nodiscard]] bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

/// What a scheduler publishes, without the scheduler. Watched while it lives.
struct fake_loop : watched_loop {
    explicit fake_loop(nanoseconds l) {
        limit = l;
        report = [](watched_loop& loop, nanoseconds k) noexcept {
            auto& self = static_cast<fake_loop&>(loop);
            self.kept.store(k.count());
            self.reports.fetch_add(1);
        };
        watch(*this);
    }
    fake_loop(const fake_loop&) = delete;
    fake_loop& operator=(const fake_loop&) = delete;
    ~fake_loop() { unwatch(*this); }

    void resume() noexcept {
        current.store(&block, std::memory_order_relaxed);
        tick.store(tick.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
    void park() noexcept {
        turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        current.store(nullptr, std::memory_order_relaxed);
        entering_park(*this);
    }
    [[nodiscard]] bool reported(int times = 1) {
        return comes_true([&] { return reports.load() >= times; });
    }

    control_block block;
    std::atomic<int> reports{0};
    std::atomic<nanoseconds::rep> kept{0};
};

[[nodiscard]] bool falls_asleep() {
    return comes_true([] { return watchdog_stats().asleep; });
}

TEST(watchdog, a_coroutine_that_keeps_the_thread_is_reported) {
    fake_loop loop(2ms);
    loop.resume();
    ASSERT_TRUE(loop.reported());
    EXPECT_GE(nanoseconds(loop.kept), 2ms);
    EXPECT_TRUE(watchdog_stats().running);
}

TEST(watchdog, it_is_reported_again_each_time_the_time_has_doubled) {
    fake_loop loop(1ms);
    loop.resume();
    ASSERT_TRUE(loop.reported(4));
    EXPECT_GE(nanoseconds(loop.kept), 8ms);
}

TEST(watchdog, the_next_coroutine_that_keeps_the_thread_is_reported_anew) {
    fake_loop loop(1ms);
    loop.resume();
    ASSERT_TRUE(loop.reported(6));
    loop.resume();
    const int before = loop.reports;
    ASSERT_TRUE(comes_true([&] { return loop.reports > before && nanoseconds(loop.kept) < 32ms; }));
}

/// Beside one that is stuck, so that the time is known to have passed. A loaded machine may have
/// kept this thread waiting meanwhile, so it has five attempts.
void expect_no_report(void (*prepare)(fake_loop&), void (*keep_going)(fake_loop&)) {
    int reports = 1;
    for (int attempt = 0; attempt < 5 && reports != 0; ++attempt) {
        fake_loop loop(20ms);
        prepare(loop);
        fake_loop stuck(20ms);
        stuck.resume();
        ASSERT_TRUE(comes_true([&] {
            keep_going(loop);
            return stuck.reports >= 3;
        }));
        reports = loop.reports;
    }
    EXPECT_EQ(reports, 0);
}

void do_nothing(fake_loop&) {}
void resume_one(fake_loop& l) {
    l.resume();
}

TEST(watchdog, a_loop_that_resumes_one_after_another_is_not_reported) {
    expect_no_report(do_nothing, resume_one);
}

TEST(watchdog, a_loop_that_polls_while_it_resumes_one_and_the_same_is_not_reported) {
    expect_no_report(resume_one, [](fake_loop& l) {
        l.turns.store(l.turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    });
}

TEST(watchdog, a_loop_in_which_nobody_runs_is_not_reported) {
    expect_no_report(do_nothing, do_nothing);
}

TEST(watchdog, a_parked_loop_is_not_reported) {
    expect_no_report(
        [](fake_loop& l) {
            l.resume();
            entering_park(l);
        },
        do_nothing);
}

TEST(watchdog, it_sleeps_without_a_timeout_while_all_loops_are_parked) {
    fake_loop one(1ms);
    fake_loop two(1ms);
    one.park();
    two.park();
    ASSERT_TRUE(falls_asleep());
    const auto before = watchdog_stats();
    left_park(one);
    EXPECT_EQ(watchdog_stats().roused, before.roused + 1);
    ASSERT_TRUE(comes_true([&] { return watchdog_stats().rounds > before.rounds + 3; }));
    one.park();
    ASSERT_TRUE(falls_asleep());
}

TEST(watchdog, it_sleeps_when_the_last_loop_has_gone) {
    {
        fake_loop loop(1ms);
        loop.resume();
        ASSERT_TRUE(loop.reported());
    }
    EXPECT_TRUE(falls_asleep());
}

TEST(watchdog, a_loop_that_leaves_its_driver_often_seldom_makes_a_system_call) {
    fake_loop loop(10s);
    loop.park();
    ASSERT_TRUE(falls_asleep());
    const auto before = watchdog_stats();
    for (int i = 0; i < 100'000; ++i) {
        left_park(loop);
        loop.park();
    }
    EXPECT_EQ(watchdog_stats().roused, before.roused + 1) << "a quarter of 10 s has not passed";
    fake_loop hasty(1ms);  // ends the wait for it, for the tests that follow
    hasty.park();
}

TEST(watchdog, a_loop_with_a_shorter_limit_does_not_wait_for_one_with_a_longer) {
    const auto before = watchdog_stats();
    fake_loop patient(10h);
    ASSERT_TRUE(comes_true([&] { return watchdog_stats().rounds > before.rounds; }));
    fake_loop hasty(1ms);
    hasty.resume();
    EXPECT_TRUE(hasty.reported());
}

TEST(watchdog, a_loop_without_a_limit_is_not_watched) {
    fake_loop other(1ms);
    other.park();
    ASSERT_TRUE(falls_asleep());
    fake_loop loop(0ns);
    loop.resume();
    EXPECT_TRUE(watchdog_stats().asleep);
}

TEST(watchdog, a_loop_may_be_unwatched_twice_and_watched_again) {
    fake_loop loop(1ms);
    unwatch(loop);
    unwatch(loop);
    watch(loop);
    loop.resume();
    EXPECT_TRUE(loop.reported());
}

TEST(watchdog, its_thread_has_a_name_and_takes_no_signals) {
    static std::atomic<bool> checked;
    checked = false;
    watched_loop loop;
    control_block block;
    loop.limit = 1ms;
    loop.report = [](watched_loop&, nanoseconds) noexcept {
        char name[16] = {};
        pthread_getname_np(pthread_self(), name, sizeof name);
        EXPECT_STREQ(name, "weft-watchdog");
        sigset_t blocked;
        pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGALRM})
            EXPECT_EQ(sigismember(&blocked, signal), 1) << signal;
        checked = true;
    };
    loop.current = &block;
    watch(loop);
    EXPECT_TRUE(comes_true([] { return checked.load(); }));
    unwatch(loop);
}

TEST(watchdog, a_loop_is_not_touched_after_it_is_unwatched) {
    for (int i = 0; i < 200; ++i) {
        auto loop = std::make_unique<fake_loop>(200us);  // freed: for the sanitizers to see
        loop->resume();
        if (i % 20 == 0) {
            ASSERT_TRUE(loop->reported());
        }
    }
}

TEST(watchdog, a_forked_child_may_unwatch_and_go_on) {
    fake_loop loop(1ms);
    loop.resume();
    ASSERT_TRUE(loop.reported());
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(20);  // should it hang
        const bool none = !watchdog_stats().running;
        entering_park(loop);
        left_park(loop);
        unwatch(loop);
        _exit(none ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    const int before = loop.reports;
    EXPECT_TRUE(loop.reported(before + 1)) << "the parent's goes on";
}

/// Each time it leaves its driver at a random moment, often while the watchdog falls asleep, and
/// then keeps the thread: a wake-up that was lost is a report that does not come.
int count_missing_reports(std::uint32_t random, int rounds) {
    int missing = 0;
    for (int round = 0; round < rounds; ++round) {
        fake_loop loop(400us);
        for (int i = 0; i < 60; ++i) {
            loop.resume();
            loop.park();
            random = random * 1664525 + 1013904223;
            for (std::uint32_t spin = random >> 14; spin > 0; --spin)  // to about 100 us
                std::atomic_signal_fence(std::memory_order_seq_cst);
            left_park(loop);
        }
        loop.resume();
        if (!loop.reported()) ++missing;
    }
    return missing;
}

TEST(watchdog, no_wake_up_is_lost_when_the_loop_leaves_while_it_falls_asleep) {
    std::vector<std::unique_ptr<fake_loop>> crowd;  // makes it slow to fall asleep
    for (int i = 0; i < 1000; ++i) crowd.emplace_back(std::make_unique<fake_loop>(1ms))->park();
    EXPECT_EQ(count_missing_reports(1, 200), 0);
}

TEST(watchdog, no_wake_up_is_lost_when_several_loops_leave) {
    std::vector<std::thread> threads;
    std::atomic<int> missing{0};
    for (std::uint32_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] { missing += count_missing_reports(t, 50); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(missing, 0);
    EXPECT_TRUE(falls_asleep());
}

}  // namespace
