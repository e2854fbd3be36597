// How processes end, and who hears of it.

#include "weft/core/when_all.hpp"
#include "weft/process/process_test.hpp"
#include "weft/process/subprocess.hpp"

#include <csignal>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

using weft::await;
using weft::check_output;
using weft::command;
using weft::exit_status;
using weft::stdio;
using weft::subprocess;
using weft::with_timeout;
using weft::testing::all_of;
using weft::testing::coroutine_kind;
using weft::testing::ended;
using weft::testing::get_as;
using weft::testing::shell;
using weft::testing::some_of;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;
using weft::testing::with_processes;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// One that runs until it is killed, and has begun.
subprocess endless(command what = shell("echo ready; exec sleep 1000")) {
    auto running = subprocess::start(what.output(stdio::pipe()));
    EXPECT_EQ(some_of(running.output()), "ready\n");
    return running;
}

weft::task<exit_status> wait_for(const subprocess& running, std::chrono::milliseconds at_most) {
    co_return co_await with_timeout(at_most, running.wait());
}
weft::task<std::string> run_for(std::chrono::milliseconds at_most, command what) {
    co_return co_await with_timeout(at_most, check_output(what));
}
weft::task<std::size_t> read_for(const weft::pipe_reader& from, std::chrono::milliseconds at_most) {
    char byte = 0;
    co_return co_await with_timeout(at_most, from.read_some(&byte, 1));
}

bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}
/// By what is done behind the scenes.
void until_there_are_no_children() {
    while (has_children()) await(weft::sleep(1ms));
}

TEST(subprocess, is_waited_for_by_many_and_again) {
    with_processes([](coroutine_kind kind) {
        auto cat = subprocess::start(command("cat").input(stdio::pipe()));
        EXPECT_EQ(cat.status(), std::nullopt);
        std::vector<weft::join_handle<exit_status>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(spawn_as(kind, [&] { return cat.wait(); }));
            until_it_waits(all.back());
        }
        cat.input().close();
        for (auto& one : all) EXPECT_TRUE(await(one).success());
        EXPECT_TRUE(await(cat.wait()).success());
        EXPECT_EQ(cat.status(), exit_status::exited(0));
        EXPECT_FALSE(cat.kill()) << "there is nobody any more";
        EXPECT_FALSE(cat.signal(SIGTERM));
    });
}

TEST(subprocess, runs_by_the_hundred) {
    with_processes([](coroutine_kind kind) {
        if (kind == coroutine_kind::fiber) return;  // a thousand programs take their time
        std::vector<subprocess> all;
        for (int i = 0; i < 300; ++i)
            all.push_back(subprocess::start(command("cat").input(stdio::pipe())));
        std::vector<weft::join_handle<exit_status>> ends;
        for (auto& one : all) ends.push_back(spawn_as(kind, [&] { return one.wait(); }));
        until_it_waits(ends.back());
        for (auto& one : all) one.input().close();
        for (auto& end : ends) EXPECT_TRUE(await(end).success());
        EXPECT_FALSE(has_children());
    });
}

TEST(subprocess, may_refuse_to_be_terminated_but_not_to_be_killed) {
    with_processes([](coroutine_kind kind) {
        auto stubborn = endless(shell("trap '' TERM; echo ready; exec sleep 1000"));
        EXPECT_TRUE(stubborn.terminate());
        EXPECT_THROW(get_as(kind, wait_for(stubborn, 10ms)), weft::timed_out);
        EXPECT_EQ(stubborn.status(), std::nullopt);
        EXPECT_TRUE(stubborn.kill());
        EXPECT_EQ(ended(kind, stubborn), exit_status::killed(SIGKILL));

        auto meek = endless();
        EXPECT_TRUE(meek.terminate());
        EXPECT_EQ(ended(kind, meek).signal(), SIGTERM);
        auto told = endless();
        EXPECT_TRUE(told.signal(SIGINT));
        EXPECT_EQ(ended(kind, told).signal(), SIGINT);
        EXPECT_THROW(endless().signal(12345), std::system_error);
    });
}

TEST(subprocess, is_killed_when_nobody_holds_it) {
    with_processes([](coroutine_kind kind) {
        subprocess running = endless(shell("sleep 1000 & echo ready; wait").own_group());
        const auto from = std::move(running.output());
        running = subprocess();  // assigned over
        EXPECT_EQ(all_of(from), "") << "what it had started has been killed as well";
        until_there_are_no_children();
        // Who waits meanwhile hears of it.
        auto held = std::make_unique<subprocess>(endless());
        auto waits = spawn_as(kind, [&] { return held->wait(); });
        until_it_waits(waits);
        held.reset();
        EXPECT_EQ(await(waits), exit_status::killed(SIGKILL));
    });
}

TEST(subprocess, does_not_outlive_a_loop_that_ends) {
    with_processes([](coroutine_kind) {
        static_cast<void>(endless());  // killed, and the loop ends at once
    });
}

TEST(subprocess, survives_a_wait_that_was_cancelled) {
    with_processes([](coroutine_kind kind) {
        auto running = endless();
        auto waits = spawn_as(kind, [&] { return running.wait(); });
        until_it_waits(waits);
        waits.cancel();
        await(waits.join());
        EXPECT_TRUE(waits.was_cancelled());
        // Cancelled before it begins, too.
        auto again = spawn_as(kind, [&] { return running.wait(); });
        again.cancel();
        await(again.join());
        EXPECT_TRUE(again.was_cancelled());
        EXPECT_EQ(running.status(), std::nullopt);
        running.kill();
        EXPECT_EQ(await(running.wait()).signal(), SIGKILL);
    });
}

TEST(subprocess, woken_and_cancelled_at_once_has_a_status) {
    with_processes([](coroutine_kind kind) {
        auto running = endless();
        auto waits = spawn_as(kind, [&] { return running.wait(); });
        until_it_waits(waits);
        running.kill();
        while (!running.status()) await(weft::yield_now());
        waits.cancel();
        await(waits.join());
        EXPECT_EQ(await(running.wait()).signal(), SIGKILL);
    });
}

TEST(check_output, kills_when_it_is_cancelled) {
    with_processes([](coroutine_kind kind) {
        EXPECT_THROW(get_as(kind, run_for(10ms, shell("yes >&2 & yes").own_group())),
                     weft::timed_out);
        until_there_are_no_children();
        auto waits = spawn_as(kind, [] { return check_output(shell("exec sleep 1000")); });
        until_it_waits(waits);
        waits.cancel();
        await(waits.join());
        EXPECT_TRUE(waits.was_cancelled());
        until_there_are_no_children();
    });
}

TEST(subprocess, that_has_ended_may_leave_its_pipe_to_another) {
    with_processes([](coroutine_kind kind) {
        auto parent = endless(shell("sleep 1000 & echo ready").own_group());
        EXPECT_TRUE(ended(kind, parent).success());
        EXPECT_THROW(get_as(kind, read_for(parent.output(), 10ms)), weft::timed_out)
            << "sleep holds it open";
        if (!parent.signal_group(SIGKILL)) return;  // before Linux 6.9
        EXPECT_EQ(all_of(parent.output()), "");
    });
}

TEST(subprocess, that_is_detached_lives_on_and_leaves_no_zombie) {
    with_processes([](coroutine_kind) {
        auto cat = subprocess::start(command("cat").input(stdio::pipe()).output(stdio::pipe()));
        auto to = std::move(cat.input());
        const auto from = std::move(cat.output());
        cat.detach();
        EXPECT_FALSE(cat);
        await(to.write_all("still there"));
        EXPECT_EQ(some_of(from), "still there");
        to.close();
        until_there_are_no_children();
    });
}

// Nobody may wait for a child whose loop has ended, until the next one is started.
TEST(subprocess, that_was_detached_outlives_its_loop) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    weft::run(
        [&] { subprocess::start(command("cat").input(stdio::descriptor(ends[0]))).detach(); });
    EXPECT_TRUE(has_children());
    ::close(ends[0]);
    ::close(ends[1]);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    weft::run([] { EXPECT_TRUE(await(subprocess::start(command("true")).wait()).success()); });
    EXPECT_FALSE(has_children());
}

TEST(subprocess, has_no_status_where_nobody_waits_for_children) {
    const auto before = std::signal(SIGCHLD, SIG_IGN);
    with_processes([](coroutine_kind kind) {
        auto slow = endless();
        auto waits = spawn_as(kind, [&] { return slow.wait(); });
        until_it_waits(waits);
        slow.kill();
        EXPECT_FALSE(await(waits).known());
        for (int i = 0; i < 20; ++i) {
            const auto quick = subprocess::start(command("true"));
            EXPECT_FALSE(ended(kind, quick).known());
        }
    });
    std::signal(SIGCHLD, before);
}

TEST(subprocess, has_no_status_when_somebody_has_taken_it) {
    with_processes([](coroutine_kind kind) {
        auto robbed = endless();
        ::kill(robbed.id(), SIGKILL);
        EXPECT_EQ(::waitpid(-1, nullptr, 0), robbed.id());
        EXPECT_EQ(ended(kind, robbed), exit_status());
    });
}

TEST(subprocess, is_left_alone_by_a_child_of_fork) {
    with_processes([](coroutine_kind) {
        auto running = std::make_unique<subprocess>(endless());
        const pid_t child = ::fork();
        if (child == 0) {
            running.reset();
            ::_exit(0);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(running->status(), std::nullopt) << "it was killed by the destructor over there";
        running->kill();
        EXPECT_EQ(await(running->wait()).signal(), SIGKILL);
    });
}

TEST(subprocess, runs_beside_another_one) {
    with_processes([](coroutine_kind kind) {
        const auto both = get_as(kind, [] {
            return weft::when_all(check_output(command("echo", "1")),
                                  check_output(command("echo", "2")));
        });
        EXPECT_EQ(std::get<0>(both) + std::get<1>(both), "1\n2\n");
    });
}

}  // namespace
