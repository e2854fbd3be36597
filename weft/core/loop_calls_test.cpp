#include "weft/base/counted_test.hpp"
#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::loop;
using weft::options;
using weft::task;
using weft::testing::for_ever;
using weft::testing::on_every_loop;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::with_every_loop;

TEST(loop_calls, are_made_in_order_and_never_inline) {
    on_every_loop([] {
        loop& here = loop::current();
        std::vector<int> order;
        here.call_soon([&] {
            order.push_back(1);
            here.call_soon([&order] { order.push_back(4); });
            EXPECT_THROW(await(weft::yield_now()), weft::usage_error);
        });
        here.call_soon([&order] { order.push_back(2); });
        here.call_soon([&order, p = std::make_unique<int>(3)] { order.push_back(*p); });
        EXPECT_TRUE(order.empty());
        until([&] { return order.size() == 4; });
        EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
    });
}

TEST(loop_calls, later_are_made_in_the_order_of_their_times) {
    on_every_loop([] {
        loop& here = loop::current();
        std::vector<int> order;
        const auto begin = here.time();
        here.call_later(3ms, [&] { order.push_back(3); });
        here.call_later(std::chrono::duration<double>(0.002), [&] {
            EXPECT_GE(loop::current().time() - begin, 2ms);
            order.push_back(2);
        });
        here.call_at(begin + 1ms, [&] { order.push_back(1); });
        here.call_later(-1s, [&] { order.push_back(0); });
        await(weft::sleep(10ms));
        until([&] { return order.size() == 4; });
        EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
    });
}

TEST(loop_calls, that_are_cancelled_are_not_made_and_let_go_of_their_function) {
    on_every_loop([] {
        using witness = weft::testing::counted<struct of_calls>;
        witness::reset();
        loop& here = loop::current();
        bool called = false;
        const auto make = [&called] { return [&called, w = witness()] { called = true; }; };
        weft::call_handle soon = here.call_soon(make());
        weft::call_handle later = here.call_later(1ms, make());
        const weft::call_handle kept = here.call_soon([] {});
        weft::call_handle same = later;
        EXPECT_TRUE(soon.pending());
        EXPECT_TRUE(soon.cancel());
        EXPECT_TRUE(later.cancel());
        EXPECT_FALSE(same.pending());
        EXPECT_FALSE(same.cancel());
        EXPECT_FALSE(soon.cancel());
        EXPECT_EQ(witness::now.live, 0);
        await(weft::sleep(3ms));
        EXPECT_FALSE(called);
        EXPECT_FALSE(kept.pending());
        EXPECT_FALSE(weft::call_handle().cancel());
    });
}

TEST(loop_calls, may_cancel_one_another_and_spawn) {
    on_every_loop([] {
        loop& here = loop::current();
        int calls = 0;
        weft::call_handle other;
        bool spawned = false;
        here.call_soon([&] {
            ++calls;
            other.cancel();
            weft::spawn([&spawned] { spawned = true; }).detach();
        });
        other = here.call_soon([&] { calls += 100; });
        until([&] { return spawned; });
        EXPECT_EQ(calls, 1);
    });
}

TEST(loop_calls, that_throw_are_reported) {
    with_every_loop([](options how) {
        weft::testing::collected_reports reports;
        weft::run(how.on_unhandled(reports.for_unhandled()), [] {
            loop::current().call_soon([] { throw std::runtime_error("soon"); });
            loop::current().post([] { throw std::runtime_error("posted"); });
            await(weft::sleep(1ms));
        });
        EXPECT_THAT(reports.all(),
                    ::testing::UnorderedElementsAre(HasSubstr("soon | a callback of the loop"),
                                                    HasSubstr("posted | a callback of the loop")));
    });
}

TEST(loop_calls, that_have_themselves_called_again_do_not_keep_run_from_its_end) {
    with_every_loop([](const options& how) {
        loop mine(how);
        int calls = 0;
        std::function<void()> again = [&] {
            ++calls;
            loop::current().call_soon(again);
        };
        mine.call_soon(again);
        mine.run([&] { until([&] { return calls > 3; }); });
        const int before = calls;
        mine.run([&] { until([&] { return calls > before; }); });
    });
}

TEST(loop_post, is_called_by_the_loop_from_any_thread_in_the_order_of_each) {
    with_every_loop([](const options& how) {
        loop mine(how);
        std::vector<int> order;
        const auto here = std::this_thread::get_id();
        std::thread poster([&] {
            for (int i = 0; i < 100; ++i)
                EXPECT_TRUE(mine.post([&, i] {
                    EXPECT_EQ(std::this_thread::get_id(), here);
                    order.push_back(i);
                }));
        });
        mine.run([&] { until([&] { return order.size() == 100; }); });
        poster.join();
        EXPECT_TRUE(std::ranges::is_sorted(order));
    });
}

TEST(loop_post, says_when_the_loop_is_closed_and_destroys_what_was_not_called) {
    using witness = weft::testing::counted<struct of_posts>;
    witness::reset();
    std::optional<weft::remote_loop> outlives;
    {
        loop mine;
        outlives.emplace(mine.remote());
        EXPECT_TRUE(mine.post([w = witness()] { ADD_FAILURE(); }));
        mine.call_later(1h, [w = witness()] { ADD_FAILURE(); });
        EXPECT_EQ(witness::now.live, 2);
        EXPECT_FALSE(outlives->closed());
        mine.close();
        EXPECT_FALSE(mine.post([] {}));
        EXPECT_THROW(mine.call_soon([] {}), weft::usage_error);
    }
    EXPECT_EQ(witness::now.live, 0);
    EXPECT_TRUE(outlives->closed());
    EXPECT_FALSE(outlives->post([w = witness()] { ADD_FAILURE(); }));
    EXPECT_EQ(witness::now.live, 0);
}

TEST(loop_post, while_loops_are_closed_loses_nothing) {
    for (int round = 0; round < 10; ++round) {
        auto mine = std::make_unique<loop>(options().watchdog({}));
        std::atomic<int> taken = 0;
        std::atomic<int> called = 0;
        std::thread poster([home = mine->remote(), &taken, &called] {
            while (home.post([&called] { ++called; })) ++taken;
        });
        mine->run([&] { until([&] { return called > 0; }); });
        mine.reset();
        poster.join();
        EXPECT_LE(called, taken);
    }
}

TEST(remote_loop, keeps_a_loop_from_calling_itself_deadlocked_while_it_lives) {
    with_every_loop([](const options& how) {
        std::thread other;
        bool woken = false;
        EXPECT_THROW(weft::run(how,
                               [&] {
                                   auto sleeper = weft::spawn([] { await(for_ever()); });
                                   other = std::thread([home = loop::current().remote(), &woken,
                                                        sleeper = &sleeper]() mutable {
                                       home.post([&woken, sleeper] {
                                           woken = true;
                                           sleeper->cancel();
                                       });
                                   });
                                   await(sleeper.join());
                                   await(for_ever());
                               }),
                     weft::deadlock);
        other.join();
        EXPECT_TRUE(woken);
    });
}

TEST(loop_stop, cancels_and_joins_all_and_run_says_so) {
    with_every_loop([](const options& how) {
        loop mine(how);
        bool unwound = false;
        const std::string text = thrown<weft::child_cancelled>([&] {
            mine.run([&] {
                weft::spawn([&unwound] {
                    try {
                        await(for_ever());
                    } catch (const weft::cancelled& c) {
                        unwound = c.origin().reason() == weft::cancel_reason::stopped;
                        throw;
                    }
                }).detach();
                loop::current().call_later(1ms, [] { loop::current().stop(); });
                await(for_ever());
            });
        });
        EXPECT_THAT(text, HasSubstr("cancelled by loop::stop() at loop_calls_test.cpp:"));
        EXPECT_TRUE(unwound);
        const int after = mine.run([&]() -> task<int> {
            mine.post([&mine] { mine.stop(); });
            try {
                co_await for_ever();
            } catch (const weft::cancelled&) {}
            co_return 5;
        });
        EXPECT_EQ(after, 5);
        EXPECT_EQ(mine.run([] { return 1; }), 1);
    });
}

TEST(loop_current, is_the_one_that_runs) {
    EXPECT_THAT(thrown<weft::usage_error>([] { static_cast<void>(loop::current()); }),
                HasSubstr("loop::current(): there is no loop on this thread"));
    loop mine;
    mine.run([&] { EXPECT_EQ(&loop::current(), &mine); });
}

TEST(loop_thread, is_the_only_one_that_may_use_it) {
    loop mine;
    mine.run([&] {
        std::thread([&] {
            EXPECT_THAT(thrown<weft::usage_error>([&] { mine.call_soon([] {}); }),
                        HasSubstr("another thread runs this loop"));
            EXPECT_THROW(mine.stop(), weft::usage_error);
            EXPECT_THROW(mine.run([] {}), weft::usage_error);
        }).join();
    });
}

}  // namespace
