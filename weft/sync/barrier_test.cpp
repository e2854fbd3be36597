#include "weft/sync/barrier.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/scope.hpp"
#include "weft/sync/sync_test.hpp"

#include <algorithm>
#include <optional>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::barrier;
using weft::broken_barrier;
using weft::task;

std::string broken_text(const weft::detail::any_handle& h) {
    await(weft::detail::end_awaiter(h));
    return thrown<broken_barrier>([&h] { std::rethrow_exception(h.error()); });
}

TEST(barrier, lets_all_go_when_the_last_has_come_again_and_again) {
    in_both_kinds([](coroutine_kind kind) {
        barrier all_here(3);
        std::vector<int> arrived(4);
        std::vector<std::size_t> places;
        const auto walk = [&]() -> task<> {
            for (std::size_t step = 0; step < arrived.size(); ++step) {
                ++arrived[step];
                const std::size_t place = co_await all_here.wait();
                EXPECT_EQ(arrived[step], 3);
                if (step == 0) places.push_back(place);
            }
        };
        const auto walk_in_fiber = [&] {
            for (std::size_t step = 0; step < arrived.size(); ++step) {
                ++arrived[step];
                const std::size_t place = await(all_here.wait());
                EXPECT_EQ(arrived[step], 3);
                if (step == 0) places.push_back(place);
            }
        };
        await(weft::with_scope([&](weft::scope& s) {
            for (int i = 0; i < 3; ++i) {
                if (kind == coroutine_kind::task)
                    s.spawn(walk);
                else
                    s.spawn(walk_in_fiber);
            }
        }));
        std::ranges::sort(places);
        EXPECT_THAT(places, ElementsAre(0u, 1u, 2u));
        EXPECT_EQ(all_here.statistics().generation(), 4u);
        EXPECT_EQ(all_here.waiting(), 0u);
        EXPECT_EQ(all_here.parties(), 3u);
    });
}

TEST(barrier, is_broken_by_one_who_is_cancelled_while_waiting) {
    in_both_kinds([](coroutine_kind kind) {
        barrier b(3);
        const auto waits = [&b] { return b.wait(); };
        auto all = spawn_waiting(kind, 2, waits);
        all[1].cancel();
        EXPECT_TRUE(b.broken());
        EXPECT_THAT(broken_text(all[0]), HasSubstr("cancelled"));
        await(all[1].join());
        EXPECT_TRUE(all[1].was_cancelled());
        // And so for who comes later, until it is reset.
        EXPECT_THAT(broken_text(spawn_as(kind, waits)), HasSubstr("barrier"));
        b.reset();
        EXPECT_FALSE(b.broken());
        auto again = spawn_waiting(kind, 2, waits);
        EXPECT_EQ(get_as(kind, waits), 2u);
        EXPECT_EQ(await(again[0]), 0u);
        EXPECT_EQ(await(again[1]), 1u);
    });
}

TEST(barrier, lets_one_go_who_is_cancelled_when_all_had_come) {
    in_both_kinds([](coroutine_kind kind) {
        barrier b(2);
        const auto waits = [&b] { return b.wait(); };
        auto all = spawn_waiting(kind, 1, waits);
        EXPECT_EQ(await(b.wait()), 1u);
        all[0].cancel();
        EXPECT_EQ(await(all[0]), 0u);
        EXPECT_FALSE(b.broken());
    });
}

TEST(barrier, can_be_aborted_and_reset) {
    in_both_kinds([](coroutine_kind kind) {
        barrier b(3);
        const auto waits = [&b] { return b.wait(); };
        auto all = spawn_waiting(kind, 2, waits);
        b.reset();
        for (const auto& h : all) EXPECT_THAT(broken_text(h), HasSubstr("reset"));
        EXPECT_FALSE(b.broken());
        all = spawn_waiting(kind, 2, waits);
        b.abort();
        b.abort();
        for (const auto& h : all) EXPECT_THAT(broken_text(h), HasSubstr("aborted"));
        EXPECT_TRUE(b.broken());
        EXPECT_EQ(b.waiting(), 0u);
    });
}

TEST(barrier, is_broken_by_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        barrier b(3);
        const auto waits = [&b] { return b.wait(); };
        auto patient = spawn_waiting(kind, 1, waits);
        const auto in_time = [&waits] { return weft::with_timeout(1ms, waits); };
        EXPECT_THAT(thrown<weft::timed_out>([&] { static_cast<void>(get_as(kind, in_time)); }),
                    HasSubstr("deadline"));
        EXPECT_THAT(broken_text(patient[0]), HasSubstr("barrier"));
    });
}

TEST(barrier, destroyed_while_coroutines_wait_tells_them) {
    in_both_kinds([](coroutine_kind kind) {
        std::optional<barrier> b(std::in_place, 3);
        auto all = spawn_waiting(kind, 2, [&b] { return b->wait(); });
        b.reset();
        for (const auto& h : all) {
            await(h.join());
            EXPECT_THAT(failure_of(h), AllOf(HasSubstr("barrier"), HasSubstr("outlive")));
        }
    });
}

TEST(barrier, refuses_what_cannot_work) {
    on_every_loop([] {
        EXPECT_THAT(refused([] { barrier none(0); }), HasSubstr("at least one"));
        barrier b(2);
        auto all = spawn_waiting(coroutine_kind::task, 1, [&b] { return b.wait(); });
        EXPECT_THAT(refused_elsewhere([&b] { b.abort(); }), HasSubstr("another thread"));
        EXPECT_FALSE(b.broken());
        EXPECT_EQ(await(b.wait()), 1u);
        EXPECT_EQ(await(all[0]), 0u);
        barrier alone(1);
        EXPECT_EQ(await(alone.wait()), 0u);
    });
}

}  // namespace
