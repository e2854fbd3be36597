#include "weft/sync/event.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/sync/sync_test.hpp"

#include <optional>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::HasSubstr;
using weft::await;
using weft::event;

TEST(event, lets_all_who_wait_go_and_none_before) {
    in_both_kinds([](coroutine_kind kind) {
        event e;
        const auto waits = [&e] { return e.wait(); };
        auto all = spawn_waiting(kind, 5, waits);
        settle();
        for (const auto& h : all) EXPECT_FALSE(h.ready());
        EXPECT_EQ(e.statistics().waiting(), 5u);
        e.set();
        EXPECT_EQ(e.statistics().waiting(), 0u);
        for (const auto& h : all) await(h);
        get_as(kind, waits);  // it stays set
    });
}

TEST(event, once_cleared_is_waited_for_again_by_those_who_come_later) {
    in_both_kinds([](coroutine_kind kind) {
        event e(true);
        EXPECT_TRUE(e.is_set());
        const auto waits = [&e] { return e.wait(); };
        get_as(kind, waits);
        e.clear();
        auto before = spawn_waiting(kind, 2, waits);
        e.set();
        e.clear();  // those who waited go on all the same
        auto after = spawn_as(kind, waits);
        for (const auto& h : before) await(h);
        settle();
        EXPECT_FALSE(after.ready());
        e.set();
        await(after);
    });
}

TEST(event, is_left_by_one_who_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        event e;
        auto all = spawn_waiting(kind, 3, [&e] { return e.wait(); });
        all[1].cancel();
        EXPECT_EQ(e.statistics().waiting(), 2u);
        await(all[1].join());
        EXPECT_TRUE(all[1].was_cancelled());
        e.set();
        await(all[0]);
        await(all[2]);
    });
}

TEST(event, that_was_set_before_the_cancellation_is_seen) {
    in_both_kinds([](coroutine_kind kind) {
        event e;
        auto all = spawn_waiting(kind, 1, [&e] { return e.wait(); });
        e.set();
        all[0].cancel();
        await(all[0].join());
        EXPECT_TRUE(all[0].successful());
    });
}

TEST(event, can_be_waited_for_under_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        event e;
        const auto waits = [&e] { return e.wait(); };
        const auto in_time = [&waits] { return weft::with_timeout(1ms, waits); };
        EXPECT_THAT(thrown<weft::timed_out>([&] { get_as(kind, in_time); }), HasSubstr("deadline"));
        EXPECT_EQ(e.statistics().waiting(), 0u);
        auto h = spawn_as(kind, [&waits] { return weft::with_timeout(1h, waits); });
        until_it_waits(h);
        e.set();
        await(h);
    });
}

TEST(event, destroyed_while_coroutines_wait_tells_them) {
    in_both_kinds([](coroutine_kind kind) {
        std::optional<event> e(std::in_place);
        auto all = spawn_waiting(kind, 2, [&e] { return e->wait(); });
        e.reset();
        for (const auto& h : all) {
            await(h.join());
            EXPECT_THAT(failure_of(h), AllOf(HasSubstr("event"), HasSubstr("outlive")));
        }
    });
}

TEST(event, is_not_set_from_another_thread) {
    on_every_loop([] {
        event e;
        auto all = spawn_waiting(coroutine_kind::task, 1, [&e] { return e.wait(); });
        EXPECT_THAT(refused_elsewhere([&e] { e.set(); }), HasSubstr("shared_event"));
        EXPECT_FALSE(e.is_set());
        e.set();
        await(all[0]);
    });
}

other::task<int> wait_elsewhere(event& e) {
    co_await e.wait();
    co_return 1;
}

TEST(event, can_be_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        event e;
        auto one = wait_elsewhere(e);
        one.start();
        settle();
        EXPECT_FALSE(one.done());
        e.set();
        until([&one] { return one.done(); });
        auto two = wait_elsewhere(e);
        two.start();
        EXPECT_TRUE(two.done());
    });
}

TEST(event, needs_a_loop_to_be_waited_for) {
    event e;
    EXPECT_THAT(refused([&e] { await(e.wait()); }), HasSubstr("weft::run"));
    e.set();  // but not to be set
    EXPECT_TRUE(e.is_set());
}

}  // namespace
