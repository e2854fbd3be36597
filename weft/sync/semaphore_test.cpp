#include "weft/sync/semaphore.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/sync/sync_test.hpp"

#include <algorithm>
#include <optional>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using weft::await;
using weft::bounded_semaphore;
using weft::semaphore;
using weft::task;

TEST(semaphore, lets_so_many_in) {
    in_both_kinds([](coroutine_kind kind) {
        semaphore s(2);
        int inside = 0;
        int most = 0;
        const auto work = [&]() -> task<> {
            auto held = co_await s.hold();
            most = std::max(most, ++inside);
            co_await weft::yield_now();
            --inside;
        };
        const auto work_in_fiber = [&] {
            const auto held = await(s.hold());
            most = std::max(most, ++inside);
            await(weft::yield_now());
            --inside;
        };
        await(weft::with_scope([&](weft::scope& in) {
            for (int i = 0; i < 5; ++i) {
                if (kind == coroutine_kind::task)
                    in.spawn(work);
                else
                    in.spawn(work_in_fiber);
            }
        }));
        EXPECT_EQ(most, 2);
        EXPECT_EQ(s.available(), 2u);
    });
}

TEST(semaphore, counts_what_others_release) {
    in_both_kinds([](coroutine_kind kind) {
        semaphore s(0);
        auto all = spawn_waiting(kind, 3, [&s] { return s.acquire(); });
        EXPECT_EQ(s.statistics().waiting(), 3u);
        s.release(2);
        settle();
        EXPECT_TRUE(all[0].ready());
        EXPECT_TRUE(all[1].ready());
        EXPECT_FALSE(all[2].ready());
        s.release(3);
        await(all[2]);
        EXPECT_EQ(s.available(), 2u);
        EXPECT_EQ(s.statistics().contended(), 3u);
    });
}

TEST(semaphore, serves_in_order_and_nobody_passes_one_who_wants_many) {
    in_both_kinds([](coroutine_kind kind) {
        semaphore s(2);
        auto many = spawn_as(kind, [&s] { return s.hold(3); });
        until_it_waits(many);
        auto few = spawn_as(kind, [&s] { return s.acquire(); });
        until_it_waits(few);
        EXPECT_FALSE(s.try_acquire());
        s.release();
        auto held = await(std::move(many));
        EXPECT_EQ(held.permits(), 3u);
        EXPECT_FALSE(few.ready());
        held.release();
        await(few);
        EXPECT_EQ(s.available(), 2u);
    });
}

TEST(semaphore, serves_those_behind_one_who_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        semaphore s(1);
        auto many = spawn_as(kind, [&s] { return s.acquire(2); });
        until_it_waits(many);
        auto few = spawn_as(kind, [&s] { return s.acquire(); });
        until_it_waits(few);
        many.cancel();
        await(few);
        await(many.join());
        EXPECT_TRUE(many.was_cancelled());
        EXPECT_EQ(s.available(), 0u);
    });
}

TEST(semaphore, loses_no_permit_of_one_who_is_cancelled_after_getting_it) {
    in_both_kinds([](coroutine_kind kind) {
        semaphore s(0);
        const auto take_and_wait = [&s]() -> task<> {
            auto held = co_await s.hold();
            co_await for_ever();
        };
        auto h = spawn_as(kind, take_and_wait);
        until_it_waits(h);
        s.release();
        h.cancel();
        EXPECT_EQ(s.available(), 0u);
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(s.available(), 1u);
    });
}

TEST(semaphore, can_be_waited_for_under_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        semaphore s(0);
        const auto acquires = [&s] { return s.acquire(); };
        const auto in_time = [&acquires] { return weft::with_timeout(1ms, acquires); };
        EXPECT_THAT(thrown<weft::timed_out>([&] { get_as(kind, in_time); }), HasSubstr("deadline"));
        EXPECT_EQ(s.statistics().waiting(), 0u);
        s.release();
        get_as(kind, in_time);
    });
}

TEST(semaphore, has_guards_that_move) {
    on_every_loop([] {
        semaphore s(3);
        auto one = await(s.hold(2));
        auto two = await(s.hold());
        one = std::move(two);
        EXPECT_EQ(s.available(), 2u);
        EXPECT_FALSE(two);
        EXPECT_EQ(one.detach(), 1u);
        EXPECT_FALSE(one);
        one.release();
        EXPECT_EQ(s.available(), 2u);
        await(s.acquire(0));
    });
}

TEST(semaphore, refuses_one_release_too_many_when_it_is_bounded) {
    in_both_kinds([](coroutine_kind kind) {
        bounded_semaphore s(2);
        EXPECT_THAT(refused([&s] { s.release(); }), HasSubstr("2 of its 2 permits"));
        get_as(kind, [&s] { return s.acquire(); });
        EXPECT_THAT(refused([&s] { s.release(2); }), HasSubstr("release(2)"));
        EXPECT_EQ(s.available(), 1u) << "nothing was given";
        s.release();
        const auto too_many = [&s] { return s.acquire(3); };
        EXPECT_THAT(refused([&] { get_as(kind, too_many); }), HasSubstr("never has more than 2"));
        semaphore free(0);
        free.release(5);
        EXPECT_EQ(free.available(), 5u);
        EXPECT_THAT(refused([&free] { free.release(~std::size_t{0}); }), HasSubstr("release"));
    });
}

TEST(semaphore, destroyed_while_coroutines_wait_tells_them) {
    in_both_kinds([](coroutine_kind kind) {
        std::optional<semaphore> s(std::in_place, 0);
        auto held = spawn_as(kind, [&s] { return s->hold(); });
        auto taken = spawn_as(kind, [&s] { return s->acquire(); });
        until_it_waits(held);
        until_it_waits(taken);
        s.reset();
        await(held.join());
        await(taken.join());
        EXPECT_THAT(failure_of(held), AllOf(HasSubstr("semaphore"), HasSubstr("outlive")));
        EXPECT_THAT(failure_of(taken), HasSubstr("semaphore"));
    });
}

TEST(semaphore, is_not_released_from_another_thread) {
    on_every_loop([] {
        semaphore s(0);
        auto all = spawn_waiting(coroutine_kind::task, 1, [&s] { return s.acquire(); });
        EXPECT_THAT(refused_elsewhere([&s] { s.release(); }), HasSubstr("another thread"));
        EXPECT_EQ(s.available(), 0u);
        s.release();
        await(all[0]);
    });
}

other::task<int> hold_elsewhere(semaphore& s) {
    auto held = co_await s.hold();
    co_return static_cast<int>(s.available());
}

TEST(semaphore, can_be_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        semaphore s(0);
        auto one = hold_elsewhere(s);
        one.start();
        EXPECT_FALSE(one.done());
        s.release();
        until([&one] { return one.done(); });
        EXPECT_EQ(one.result(), 0);
        EXPECT_EQ(s.available(), 1u);
    });
}

}  // namespace
