#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/io/driver_epoll.hpp"
#include "weft/io/offload.hpp"

#include <atomic>
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using weft::await;
using weft::offload;
using weft::offload_statistics;
using weft::options;
using weft::task;
using weft::detail::offload_pool;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;

/// Blocks until it is opened: what an offloaded function waits for in these tests.
class gate {
public:
    void open() { open_.count_down(); }
    void pass() { open_.wait(); }

private:
    std::latch open_{1};
};

int square(int n) {
    return n * n;
}

TEST(offload, gives_what_the_function_gives_and_throws_what_it_throws) {
    in_both_kinds([](coroutine_kind kind) {
        const auto here = std::this_thread::get_id();
        const auto ask = [] { return std::this_thread::get_id(); };
        EXPECT_NE(weft::testing::get_as(kind, [&] { return offload(ask); }), here);
        EXPECT_EQ(weft::testing::get_as(kind, [] { return offload(square, 7); }), 49);
        const auto fails = []() -> int { throw std::runtime_error("no disk"); };
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { weft::testing::get_as(kind, [&] { return offload(fails); }); }),
                  "no disk");
        const auto owns = [](std::unique_ptr<int> p) { return p; };
        EXPECT_EQ(*await(offload(owns, std::make_unique<int>(5))), 5);
        int n = 1;
        const auto add = [](int& to) -> int& { return ++to; };
        EXPECT_EQ(&await(offload(add, std::ref(n))), &n);
        EXPECT_EQ(n, 2);
        EXPECT_EQ(await(offload(square, 3).abandon_on_cancel()), 9);
    });
}

TEST(offload, lets_the_loop_go_on) {
    in_both_kinds([](coroutine_kind kind) {
        gate g;
        const auto blocked = spawn_as(kind, [&] { return offload([&g] { g.pass(); }); });
        until_it_waits(blocked);
        bool other_ran = false;
        await(weft::spawn([&] { other_ran = true; }));
        EXPECT_FALSE(blocked.ready());
        EXPECT_TRUE(other_ran);
        g.open();
        await(blocked);
    });
}

TEST(offload, lets_the_loop_sleep_meanwhile) {
    weft::driver_epoll* world = nullptr;
    const auto make = [&world] {
        auto made = std::make_unique<weft::driver_epoll>();
        world = made.get();
        return made;
    };
    weft::run(options().watchdog({}).driver(make), [&world] {
        gate g;
        const auto h = spawn_as(coroutine_kind::task, [&] { return offload(&gate::pass, &g); });
        until_it_waits(h);
        await(weft::sleep(1ms));
        const auto before = world->stats().waits;
        await(weft::sleep(20ms));
        EXPECT_LE(world->stats().waits - before, 4u);
        g.open();
        await(h);
    });
}

TEST(offload, takes_a_call_back_that_is_cancelled_before_a_thread_has_it) {
    weft::testing::with_every_loop([](options how) {
        weft::run(how.offload_threads(1), [] {
            gate g;
            bool ran = false;
            const auto first =
                spawn_as(coroutine_kind::task, [&] { return offload(&gate::pass, &g); });
            until([] {
                return offload_statistics().idle + offload_statistics().queued == 0 &&
                       offload_statistics().threads == 1;
            });
            const auto run_it = [&ran] { ran = true; };
            const auto second = spawn_as(coroutine_kind::fiber, [&] { return offload(run_it); });
            const auto third = spawn_as(coroutine_kind::task,
                                        [&] { return offload(square, 1).abandon_on_cancel(); });
            until_it_waits(second);
            until_it_waits(third);
            EXPECT_EQ(offload_statistics().queued, 2u);
            second.cancel();
            third.cancel();
            EXPECT_THROW(await(second), weft::child_cancelled);
            EXPECT_THROW(await(third), weft::child_cancelled);
            EXPECT_EQ(offload_statistics().queued, 0u);
            g.open();
            await(first);
            EXPECT_FALSE(ran);
        });
    });
}

TEST(offload, that_is_cancelled_while_it_runs_is_waited_for_and_its_result_given) {
    in_both_kinds([](coroutine_kind kind) {
        gate g;
        gate begun;
        const auto body = [&] {
            begun.open();
            g.pass();
            return 8;
        };
        const auto h = spawn_as(kind, [&] { return offload(body); });
        until_it_waits(h);
        begun.pass();
        h.cancel();
        await(weft::yield_now());
        EXPECT_FALSE(h.ready());
        g.open();
        EXPECT_EQ(await(h), 8);
    });
}

TEST(offload, that_may_be_abandoned_is_not_waited_for) {
    in_both_kinds([](coroutine_kind kind) {
        struct shared {
            gate begun;
            gate g;
            std::atomic<bool> ended = false;
        };
        const auto owned = std::make_shared<shared>();
        const auto body = [owned] {
            owned->begun.open();
            owned->g.pass();
            owned->ended = true;
        };
        const auto h = spawn_as(kind, [&] { return offload(body).abandon_on_cancel(); });
        until_it_waits(h);
        owned->begun.pass();
        h.cancel();
        EXPECT_THROW(await(h), weft::child_cancelled);
        EXPECT_FALSE(owned->ended);
        EXPECT_EQ(offload_statistics().abandoned, kind == coroutine_kind::task ? 1u : 2u);
        owned->g.open();
    });
}

TEST(offload, that_was_abandoned_may_outlive_its_loop) {
    const auto begun = std::make_shared<gate>();
    const auto g = std::make_shared<gate>();
    const auto ended = std::make_shared<gate>();
    weft::run([&] {
        const auto body = [begun, g, ended] {
            begun->open();
            g->pass();
            ended->open();
        };
        const auto h =
            spawn_as(coroutine_kind::task, [&] { return offload(body).abandon_on_cancel(); });
        until_it_waits(h);
        begun->pass();
        h.cancel();
        EXPECT_THROW(await(h), weft::child_cancelled);
    });
    g->open();
    ended->pass();
}

TEST(offload, is_timed_out_in_real_time_in_a_simulated_world_too) {
    weft::testing::simulation world(1);
    world.run([] {
        // Long before that on the wall.
        EXPECT_EQ(await(weft::with_timeout(1h, offload(square, 2))), 4);
    });
}

TEST(offload, uses_no_more_threads_than_it_may_and_starts_them_when_it_needs_them) {
    weft::testing::with_every_loop([](options how) {
        weft::run(how.offload_threads(3), [] {
            EXPECT_EQ(offload_statistics().threads, 0u);
            std::atomic<int> inside = 0;
            std::atomic<int> most = 0;
            const auto body = [&] {
                const int now = ++inside;
                int before = most;
                while (now > before && !most.compare_exchange_weak(before, now)) {}
                std::this_thread::yield();
                --inside;
            };
            std::vector<weft::join_handle<void>> all;
            for (int i = 0; i < 20; ++i)
                all.push_back(spawn_as(coroutine_kind::task, [&] { return offload(body); }));
            for (auto& h : all) await(h);
            EXPECT_LE(most, 3);
            EXPECT_LE(offload_statistics().started, 3u);
            EXPECT_EQ(offload_statistics().threads_max, 3u);
        });
    });
}

TEST(offload, ends_threads_that_are_idle) {
    weft::run(options().offload_idle(1ns), [] {
        EXPECT_EQ(await(offload(square, 2)), 4);
        until([] { return offload_statistics().threads == 0; });
        EXPECT_EQ(await(offload(square, 3)), 9);
        EXPECT_EQ(offload_statistics().started, 2u);
    });
}

TEST(offload, beyond_the_bound_of_its_queue_fails) {
    weft::run(options().offload_threads(1).offload_queue(1), [] {
        gate g;
        const auto runs = spawn_as(coroutine_kind::task, [&] { return offload(&gate::pass, &g); });
        until_it_waits(runs);
        until([] { return offload_statistics().queued == 0; });
        const auto waits = spawn_as(coroutine_kind::task, [] { return offload(square, 2); });
        until_it_waits(waits);
        try {
            await(offload(square, 3));
            ADD_FAILURE() << "it was taken";
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code().value(), EAGAIN);
            EXPECT_THAT(e.what(), HasSubstr("options::offload_queue"));
        }
        g.open();
        await(runs);
        EXPECT_EQ(await(waits), 4);
    });
}

int starts_left = 0;

TEST(offload, makes_do_with_the_threads_there_are_and_fails_without_any) {
    static const offload_pool::starter real = offload_pool::start;
    offload_pool::start = [](std::shared_ptr<offload_pool> pool, void* worker) {
        if (starts_left-- <= 0) throw std::system_error(EAGAIN, std::generic_category(), "thread");
        return real(std::move(pool), worker);
    };
    starts_left = 0;
    weft::run([] {
        EXPECT_THAT(thrown<std::system_error>([] { await(offload(square, 2)); }),
                    HasSubstr("offload(): starting its first thread"));
        EXPECT_THROW(await(offload(square, 2).abandon_on_cancel()), std::system_error);
        EXPECT_EQ(offload_statistics().queued, 0u);
        starts_left = 1;
        std::vector<weft::join_handle<int>> all;
        for (int i = 0; i < 5; ++i)
            all.push_back(spawn_as(coroutine_kind::task, [i] { return offload(square, i); }));
        for (int i = 0; i < 5; ++i) EXPECT_EQ(await(all[static_cast<std::size_t>(i)]), i * i);
        EXPECT_EQ(offload_statistics().started, 1u);
    });
    offload_pool::start = real;
}

TEST(offload, is_awaited_once_and_within_a_loop) {
    weft::run([] {
        auto call = offload(square, 2);
        EXPECT_EQ(await(call), 4);
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(call); }), HasSubstr("awaited once"));
    });
    EXPECT_THROW(static_cast<void>(offload_statistics()), weft::usage_error);
    auto call = offload(square, 2);
    EXPECT_THROW(await(call), weft::usage_error);
}

}  // namespace
