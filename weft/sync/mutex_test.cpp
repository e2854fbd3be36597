#include "weft/sync/mutex.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/sync/recursive_mutex.hpp"
#include "weft/sync/sync_test.hpp"

#include <memory>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::mutex;
using weft::recursive_mutex;
using weft::task;

TEST(mutex, lets_one_in_at_a_time) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        int inside = 0;
        const auto work = [&]() -> task<> {
            for (int i = 0; i < 3; ++i) {
                auto held = co_await m.lock();
                EXPECT_EQ(++inside, 1);
                co_await weft::yield_now();
                --inside;
            }
        };
        const auto work_in_fiber = [&] {
            for (int i = 0; i < 3; ++i) {
                const auto held = await(m.lock());
                EXPECT_EQ(++inside, 1);
                await(weft::yield_now());
                --inside;
            }
        };
        await(weft::with_scope([&](weft::scope& s) {
            for (int i = 0; i < 4; ++i) {
                if (kind == coroutine_kind::task)
                    s.spawn(work);
                else
                    s.spawn(work_in_fiber);
            }
        }));
        EXPECT_FALSE(m.locked());
        EXPECT_GT(m.statistics().contended(), 0u);
    });
}

TEST(mutex, is_handed_over_in_the_order_of_waiting_and_nobody_slips_in) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        auto held = await(m.lock());
        auto all = spawn_waiting(kind, 3, [&m] { return m.lock(); });
        EXPECT_EQ(m.statistics().waiting(), 3u);
        for (auto& h : all) {
            held.unlock();
            EXPECT_EQ(m.owner(), h.id()) << "it is the next one's before that has run";
            EXPECT_FALSE(m.try_lock());
            held = await(std::move(h));
        }
        held.unlock();
        EXPECT_EQ(m.owner(), 0u);
    });
}

TEST(mutex, is_left_by_one_who_is_cancelled_while_waiting) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        auto held = await(m.lock());
        auto all = spawn_waiting(kind, 2, [&m] { return m.lock(); });
        all[0].cancel();
        held.unlock();
        EXPECT_EQ(m.owner(), all[1].id());
        await(all[0].join());
        EXPECT_TRUE(all[0].was_cancelled());
        held = await(std::move(all[1]));
    });
}

TEST(mutex, that_was_handed_over_before_the_cancellation_is_held) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        auto held = await(m.lock());
        auto all = spawn_waiting(kind, 2, [&m] { return m.lock(); });
        held.unlock();
        all[0].cancel();
        held = await(std::move(all[0]));
        held.unlock();
        held = await(std::move(all[1]));
    });
}

TEST(mutex, can_be_waited_for_under_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        auto held = await(m.lock());
        const auto locks = [&m] { return m.lock(); };
        const auto in_time = [&locks] { return weft::with_timeout(1ms, locks); };
        EXPECT_THAT(
            thrown<weft::timed_out>([&] { static_cast<void>(get_as(kind, in_time).mutex()); }),
            HasSubstr("deadline"));
        EXPECT_EQ(m.statistics().waiting(), 0u);
        held.unlock();
        auto again = get_as(kind, in_time);
        EXPECT_TRUE(m.locked());
    });
}

TEST(mutex, is_unlocked_by_an_exception) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        const auto fail = [&m]() -> task<> {
            auto held = co_await m.lock();
            throw std::runtime_error("inside");
        };
        EXPECT_EQ(thrown<std::runtime_error>([&] { get_as(kind, fail); }), "inside");
        EXPECT_FALSE(m.locked());
    });
}

TEST(mutex, knows_its_owner_by_its_coroutine) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        const auto lock_in_child = [&m]() -> task<mutex::guard> {
            co_return co_await m.lock();  // a nested task: the same coroutine
        };
        auto h = spawn_as(kind, lock_in_child);
        const auto id = h.id();
        const auto held = await(std::move(h));
        EXPECT_EQ(m.owner(), id);
        EXPECT_EQ(m.statistics().owner(), id);
    });
}

TEST(mutex, refuses_to_be_locked_twice_by_its_owner) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        const auto twice = [&m]() -> task<> {
            auto held = co_await m.lock();
            auto again = co_await m.lock();
        };
        EXPECT_THAT(refused([&] { get_as(kind, twice); }), HasSubstr("recursive_mutex"));
        const auto held = await(m.lock());
        EXPECT_FALSE(m.try_lock()) << "which does not wait, and only says no";
    });
}

TEST(mutex, is_unlocked_by_hand_by_its_owner_only) {
    in_both_kinds([](coroutine_kind kind) {
        mutex m;
        EXPECT_THAT(refused([&m] { m.unlock(); }), HasSubstr("not locked"));
        auto held = await(m.lock());
        EXPECT_EQ(held.detach(), &m);
        EXPECT_FALSE(held);
        const auto unlock = [&m]() -> task<> {
            m.unlock();
            co_return;
        };
        EXPECT_THAT(refused([&] { get_as(kind, unlock); }), HasSubstr("another coroutine"));
        EXPECT_TRUE(m.locked());
        m.unlock();
        EXPECT_FALSE(m.locked());
    });
}

TEST(mutex, can_be_tried_outside_of_a_loop) {
    mutex m;
    {
        const auto held = m.try_lock();
        EXPECT_TRUE(held);
        EXPECT_TRUE(m.locked());
        EXPECT_EQ(m.owner(), 0u);
        EXPECT_FALSE(m.try_lock());
    }
    m.try_lock().detach();
    m.unlock();
    EXPECT_FALSE(m.locked());
}

TEST(mutex, has_guards_that_move) {
    on_every_loop([] {
        mutex a;
        mutex b;
        auto one = await(a.lock());
        auto two = await(b.lock());
        one = std::move(two);
        EXPECT_FALSE(a.locked());
        EXPECT_EQ(one.mutex(), &b);
        two.unlock();  // empty: nothing
        one = mutex::guard();
        EXPECT_FALSE(b.locked());
    });
}

other::task<int> lock_elsewhere(mutex& m, std::vector<int>& log) {
    for (int i = 0; i < 2; ++i) {
        auto held = co_await m.lock();
        log.push_back(i);
        co_await weft::yield_now();
    }
    co_return 1;
}

TEST(mutex, can_be_locked_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        mutex m;
        std::vector<int> log;
        auto held = await(m.lock());
        auto one = lock_elsewhere(m, log);
        one.start();
        settle();
        EXPECT_THAT(log, ElementsAre());
        held.unlock();
        until([&one] { return one.done(); });
        EXPECT_THAT(log, ElementsAre(0, 1));
        EXPECT_FALSE(m.locked());
    });
}

task<> lock_both(mutex& first, mutex& second) {
    auto one = co_await first.lock();
    co_await weft::yield_now();
    auto two = co_await second.lock();
}

TEST(mutex, is_named_in_the_report_of_a_deadlock) {
    mutex a;
    mutex b;
    const auto embrace = [&]() -> task<> {
        auto one = weft::spawn(lock_both, std::ref(a), std::ref(b));
        auto two = weft::spawn(lock_both, std::ref(b), std::ref(a));
        co_await one;
        co_await two;
    };
    EXPECT_THAT(thrown<weft::deadlock>([&] { weft::run(embrace); }),
                AllOf(HasSubstr("waits for mutex"), HasSubstr("mutex_test.cpp")));
    EXPECT_FALSE(a.locked());
    EXPECT_FALSE(b.locked());
}

TEST(mutex, that_many_lock_at_once_does_not_keep_the_thread) {
    on_every_loop([] {
        mutex m;
        int locks = 0;
        bool others_ran = false;
        auto other = weft::spawn([&others_ran] { others_ran = true; });
        for (; !others_ran && locks < 1'000'000; ++locks) const auto held = await(m.lock());
        EXPECT_LT(locks, 1'000);
        await(other);
    });
}

TEST(mutex_death_slow, destroyed_while_it_is_locked_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto m = std::make_unique<mutex>();
            auto held = m->try_lock();
            m.reset();
        },
        "a mutex was destroyed while it is locked");
    EXPECT_DEATH(
        {
            mutex m;
            auto held = m.try_lock();
            m.unlock();
        },
        "unlocked by hand");
}

// ---- recursive

TEST(recursive_mutex, can_be_locked_again_by_its_owner) {
    in_both_kinds([](coroutine_kind kind) {
        recursive_mutex m;
        const auto inner = [&m]() -> task<> {
            auto held = co_await m.lock();
            EXPECT_EQ(m.depth(), 2u);
            auto tried = m.try_lock();
            EXPECT_TRUE(tried);
            EXPECT_EQ(m.depth(), 3u);
        };
        const auto outer = [&]() -> task<> {
            auto held = co_await m.lock();
            EXPECT_EQ(m.depth(), 1u);
            co_await inner();
            EXPECT_EQ(m.depth(), 1u);
            EXPECT_TRUE(m.locked());
        };
        get_as(kind, outer);
        EXPECT_EQ(m.depth(), 0u);
        EXPECT_FALSE(m.locked());
    });
}

TEST(recursive_mutex, is_handed_over_when_its_owner_has_unlocked_it_as_often) {
    in_both_kinds([](coroutine_kind kind) {
        recursive_mutex m;
        auto one = await(m.lock());
        auto two = await(m.lock());
        auto all = spawn_waiting(kind, 2, [&m] { return m.lock(); });
        one.unlock();
        settle();
        EXPECT_FALSE(all[0].ready());
        two.detach();
        m.unlock();
        EXPECT_EQ(m.owner(), all[0].id());
        EXPECT_EQ(m.depth(), 1u);
        one = await(std::move(all[0]));
        EXPECT_THAT(refused([&m] { m.unlock(); }), HasSubstr("another coroutine"));
        all[1].cancel();
        await(all[1].join());
        EXPECT_EQ(m.statistics().waiting(), 0u);
    });
}

}  // namespace
