#include "weft/sync/condition.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/sync/sync_test.hpp"

#include <memory>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using weft::await;
using weft::condition;
using weft::mutex;
using weft::task;

/// What the mutex protects, who waits for it, and who was let go.
struct shared {
    mutex m;
    std::unique_ptr<condition> changed = std::make_unique<condition>();
    int tokens = 0;
    int woken = 0;
    int cancelled = 0;

    /// Waits once.
    task<> wait() {
        auto held = co_await m.lock();
        try {
            co_await changed->wait(held);
        } catch (const weft::cancelled&) {
            EXPECT_TRUE(m.locked()) << "the mutex is held again";
            ++cancelled;
            throw;
        }
        EXPECT_TRUE(m.locked());
        ++woken;
    }
    void wait_in_fiber() {
        auto held = await(m.lock());
        try {
            await(changed->wait(held));
        } catch (const weft::cancelled&) {
            EXPECT_TRUE(m.locked());
            ++cancelled;
            throw;
        }
        EXPECT_TRUE(m.locked());
        ++woken;
    }
    /// Takes a token.
    task<> take() {
        auto held = co_await m.lock();
        co_await changed->wait(held, [this] { return tokens > 0; });
        EXPECT_TRUE(m.locked());
        --tokens;
        ++woken;
    }
    void take_in_fiber() {
        auto held = await(m.lock());
        await(changed->wait(held, [this] { return tokens > 0; }));
        EXPECT_TRUE(m.locked());
        --tokens;
        ++woken;
    }
    void put(int n) {
        auto held = await(m.lock());
        tokens += n;
    }

    weft::join_handle<void> spawn_wait(coroutine_kind kind) {
        auto h = kind == coroutine_kind::task ? weft::spawn(wait())
                                              : weft::spawn([this] { wait_in_fiber(); });
        until_it_waits(h);
        return h;
    }
    weft::join_handle<void> spawn_take(coroutine_kind kind) {
        auto h = kind == coroutine_kind::task ? weft::spawn(take())
                                              : weft::spawn([this] { take_in_fiber(); });
        until_it_waits(h);
        return h;
    }
};

TEST(condition, lets_the_first_go_or_all) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        s.changed->notify_one();  // nobody is there: nothing is kept
        std::vector<weft::join_handle<void>> all;
        for (int i = 0; i < 4; ++i) all.push_back(s.spawn_wait(kind));
        EXPECT_FALSE(s.m.locked());
        EXPECT_EQ(s.changed->statistics().waiting(), 4u);
        s.changed->notify_one();
        await(all[0]);
        EXPECT_EQ(s.woken, 1);
        s.changed->notify_all();
        EXPECT_EQ(s.changed->statistics().waiting(), 0u);
        for (const auto& h : all) await(h);
        EXPECT_EQ(s.woken, 4);
        EXPECT_FALSE(s.m.locked());
    });
}

TEST(condition, has_the_mutex_again_only_when_the_notifier_has_left_it) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        auto h = s.spawn_wait(kind);
        auto held = await(s.m.lock());
        s.changed->notify_one();
        settle();
        EXPECT_FALSE(h.ready());
        held.unlock();
        EXPECT_EQ(s.m.owner(), h.id());
        await(h);
    });
}

TEST(condition, with_a_predicate_waits_until_it_holds) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        s.put(1);
        await(s.spawn_take(kind));  // at once
        auto h = s.spawn_take(kind);
        s.changed->notify_all();
        settle();
        EXPECT_FALSE(h.ready());
        s.put(1);
        s.changed->notify_one();
        await(h);
        EXPECT_EQ(s.tokens, 0);
    });
}

TEST(condition, raises_with_the_mutex_held_when_it_is_given_up) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        auto one = s.spawn_wait(kind);
        auto two = s.spawn_wait(kind);
        one.cancel();  // the mutex is free: it is held at once
        EXPECT_EQ(s.m.owner(), one.id());
        await(one.join());
        EXPECT_TRUE(one.was_cancelled());
        auto held = await(s.m.lock());
        two.cancel();
        settle();
        EXPECT_FALSE(two.ready()) << "waiting for the mutex is not given up";
        held.unlock();
        await(two.join());
        EXPECT_TRUE(two.was_cancelled());
        EXPECT_EQ(s.cancelled, 2);
        EXPECT_FALSE(s.m.locked());
        EXPECT_EQ(s.changed->statistics().waiting(), 0u);
    });
}

TEST(condition, passes_a_notification_on_that_hits_one_who_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        for (const bool notifier_holds : {false, true}) {
            shared s;
            auto first = s.spawn_wait(kind);
            auto second = s.spawn_wait(kind);
            mutex::guard held;
            if (notifier_holds) held = await(s.m.lock());
            s.changed->notify_one();
            first.cancel();
            held.unlock();
            await(first.join());
            EXPECT_TRUE(first.was_cancelled());
            await(second);
            EXPECT_EQ(s.woken, 1);
            EXPECT_EQ(s.cancelled, 1);
        }
    });
}

TEST(condition, gives_up_one_who_is_cancelled_after_notify_all_alone) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        auto first = s.spawn_wait(kind);
        auto second = s.spawn_wait(kind);
        s.changed->notify_all();
        first.cancel();
        auto third = s.spawn_wait(kind);
        await(first.join());
        await(second);
        EXPECT_TRUE(first.was_cancelled());
        settle();
        EXPECT_FALSE(third.ready()) << "all were notified: there was nothing to pass on";
        third.cancel();
        await(third.join());
    });
}

TEST(condition, with_a_predicate_that_holds_gives_what_came_in_time) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        auto first = s.spawn_take(kind);
        auto second = s.spawn_take(kind);
        s.put(1);
        s.changed->notify_one();
        first.cancel();
        await(first.join());
        EXPECT_TRUE(first.successful()) << "the token was there";
        EXPECT_EQ(s.tokens, 0);
        // And when it does not hold, the next one looks.
        auto third = s.spawn_take(kind);
        s.changed->notify_one();
        second.cancel();
        s.tokens = 0;
        await(second.join());
        EXPECT_TRUE(second.was_cancelled());
        s.put(1);
        s.changed->notify_one();
        await(third);
    });
}

TEST(condition, can_be_waited_for_under_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        const auto patient = [&s]() -> task<> {
            auto held = co_await s.m.lock();
            co_await weft::with_timeout(1ms, s.changed->wait(held));
        };
        EXPECT_THAT(thrown<weft::timed_out>([&] { get_as(kind, patient); }), HasSubstr("deadline"));
        const auto picky = [&s]() -> task<> {
            auto held = co_await s.m.lock();
            co_await weft::with_timeout(1ms, s.changed->wait(held, [] { return false; }));
        };
        EXPECT_THAT(thrown<weft::timed_out>([&] { get_as(kind, picky); }), HasSubstr("deadline"));
        EXPECT_FALSE(s.m.locked());
    });
}

TEST(condition, throws_what_its_predicate_throws) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        int calls = 0;
        const auto waits = [&]() -> task<> {
            auto held = co_await s.m.lock();
            co_await s.changed->wait(held, [&calls]() -> bool {
                if (++calls == 2) throw std::runtime_error("cannot tell");
                return false;
            });
        };
        auto h = spawn_as(kind, waits);
        until_it_waits(h);
        s.changed->notify_one();
        EXPECT_EQ(thrown<std::runtime_error>([&h] { await(h); }), "cannot tell");
        EXPECT_FALSE(s.m.locked());
    });
}

TEST(condition, needs_a_guard_that_holds) {
    on_every_loop([] {
        shared s;
        mutex::guard empty;
        EXPECT_THAT(refused([&] { await(s.changed->wait(empty)); }), HasSubstr("lock the mutex"));
        auto h = s.spawn_wait(coroutine_kind::task);
        EXPECT_THAT(refused_elsewhere([&s] { s.changed->notify_one(); }), HasSubstr("thread"));
        EXPECT_THAT(refused_elsewhere([&s] { s.changed->notify_all(); }), HasSubstr("thread"));
        s.changed->notify_one();
        await(h);
    });
}

TEST(condition, destroyed_while_coroutines_wait_tells_them) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        auto plain = s.spawn_wait(kind);
        auto picky = s.spawn_take(kind);
        s.changed.reset();
        await(plain.join());
        await(picky.join());
        EXPECT_THAT(failure_of(plain), AllOf(HasSubstr("condition"), HasSubstr("outlive")));
        EXPECT_THAT(failure_of(picky), HasSubstr("condition"));
        EXPECT_FALSE(s.m.locked());
    });
}

TEST(condition, may_be_destroyed_when_all_were_notified) {
    in_both_kinds([](coroutine_kind kind) {
        shared s;
        auto plain = s.spawn_wait(kind);
        auto late = s.spawn_wait(kind);
        auto held = await(s.m.lock());
        s.changed->notify_all();
        s.changed.reset();
        late.cancel();
        held.unlock();
        await(plain);
        await(late.join());
        EXPECT_TRUE(late.was_cancelled());
    });
}

TEST(condition_death_slow, whose_mutex_is_destroyed_under_who_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(weft::run([] {
                     condition c;
                     auto m = std::make_unique<mutex>();
                     const auto waits = [&]() -> task<> {
                         auto held = co_await m->lock();
                         co_await c.wait(held);
                     };
                     auto h = weft::spawn(waits);
                     until_it_waits(h);
                     m.reset();
                 }),
                 "a mutex was destroyed while it is locked or a condition needs it");
}

other::task<int> wait_elsewhere(shared& s) {
    auto held = co_await s.m.lock();
    co_await s.changed->wait(held);
    co_return s.m.locked() ? 1 : 0;
}

TEST(condition, can_be_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        shared s;
        auto one = wait_elsewhere(s);
        one.start();
        EXPECT_FALSE(s.m.locked());
        EXPECT_EQ(s.changed->statistics().waiting(), 1u);
        s.changed->notify_one();
        until([&one] { return one.done(); });
        EXPECT_EQ(one.result(), 1);
        EXPECT_FALSE(s.m.locked());
    });
}

}  // namespace
