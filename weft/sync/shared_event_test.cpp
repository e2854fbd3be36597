#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/sync/shared_event.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::shared_event;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;

auto waiting_for(shared_event& e) {
    return [&e] { return e.wait(); };
}

TEST(shared_event, wakes_all_who_wait_and_lets_pass_who_comes_later) {
    in_both_kinds([](coroutine_kind kind) {
        shared_event e;
        std::vector<weft::join_handle<void>> all;
        for (int i = 0; i < 5; ++i) {
            all.push_back(spawn_as(kind, waiting_for(e)));
            until_it_waits(all.back());
        }
        EXPECT_EQ(e.waiting(), 5u);
        e.set();
        e.reset();
        for (auto& h : all) await(h);
        e.set();
        EXPECT_TRUE(e.is_set());
        await(e.wait());
        e.reset();
        EXPECT_THROW(await(weft::with_timeout(1ms, e.wait())), weft::timed_out);
        EXPECT_EQ(e.waiting(), 0u);
    });
}

TEST(shared_event, raises_in_who_is_cancelled_before_or_after_it_is_set) {
    in_both_kinds([](coroutine_kind kind) {
        for (const bool is_set_first : {false, true}) {
            shared_event e;
            const auto h = spawn_as(kind, waiting_for(e));
            until_it_waits(h);
            if (is_set_first) e.set();
            h.cancel();
            e.set();
            EXPECT_THROW(await(h), weft::child_cancelled);
        }
    });
}

TEST(shared_event, is_set_and_waited_for_by_threads_and_loops) {
    shared_event begin;
    shared_event end;
    std::atomic<int> begun = 0;
    std::vector<std::thread> all;
    for (int i = 0; i < 2; ++i) {
        all.emplace_back([&] {
            begin.blocking_wait();
            ++begun;
            weft::run([&] { await(end.wait()); });
        });
        all.emplace_back([&] {
            weft::run([&] {
                await(begin.wait());
                ++begun;
            });
            end.blocking_wait();
        });
    }
    weft::run([&] {
        begin.set();
        while (begun < 4) await(weft::sleep(100us));
        EXPECT_THROW(end.blocking_wait(), weft::usage_error);
    });
    end.set();
    for (auto& t : all) t.join();
    EXPECT_EQ(begun, 4);
}

TEST(shared_event, set_while_its_waiters_are_cancelled_leaves_no_loop_waiting) {
    for (int round = 0; round < 20; ++round) {
        shared_event e;
        std::thread setter([&e] { e.set(); });
        weft::run([&e] {
            // The run ends, and cancels them, whether they have been woken or not.
            for (int i = 0; i < 10; ++i)
                weft::spawn([&e]() -> weft::task<> { co_await e.wait(); }).detach();
            await(weft::yield_now());
        });
        setter.join();
    }
}

TEST(shared_event_death, destroyed_under_a_waiter_ends_the_process) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(weft::run([] {
                     std::optional<shared_event> e(std::in_place);
                     const auto h = spawn_as(coroutine_kind::fiber, waiting_for(*e));
                     until_it_waits(h);
                     e.reset();
                 }),
                 "a shared_event is destroyed while somebody waits for it");
}

}  // namespace
