#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/pool.hpp"

#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::join_handle;
using weft::pool;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;

/// How many run at once.
struct gauge {
    int now = 0;
    int most = 0;
    int ran = 0;
    void enter() {
        ++ran;
        most = std::max(most, ++now);
    }
    void leave() { --now; }
};
task<int> work(gauge& g, std::chrono::milliseconds d) {
    g.enter();
    co_await sleep(d);
    g.leave();
    co_return g.ran;
}
void never() {
    await(for_ever());
}
template <class Make>
task<> spawn_and_detach(Make make) {
    auto h = co_await make();
    h.detach();
}
/// Awaits a `spawn`, whose handle it drops: a coroutine does not give one, it would be awaited.
template <class Make>
join_handle<void> spawn_member_as(coroutine_kind kind, Make make) {
    if (kind == coroutine_kind::task) return spawn(spawn_and_detach<Make>(std::move(make)));
    return spawn([](Make kept) { await(kept()).detach(); }, std::move(make));
}

TEST(pool, runs_no_more_than_its_limit) {
    in_both_kinds([](coroutine_kind kind) {
        gauge g;
        pool p(2);
        EXPECT_EQ(p.free_count(), 2u);
        for (int i = 0; i < 5; ++i) {
            await(spawn_member_as(kind, [&] { return p.spawn(work, std::ref(g), (i % 3) * 1ms); }));
            EXPECT_LE(p.size(), 2u);
        }
        await(p.join());
        EXPECT_EQ(g.most, 2);
        EXPECT_EQ(g.ran, 5);
        EXPECT_TRUE(p.empty());
        EXPECT_EQ(p.free_count(), 2u);
    });
}

TEST(pool, takes_a_task_a_fiber_and_arguments) {
    on_every_loop([] {
        gauge g;
        pool p(3);
        const auto a = await(p.spawn(work(g, 1ms)));
        const auto b = await(p.spawn([] { return 7; }));
        const auto c = await(p.spawn([](int x, int y, int z) { return x + y + z; }, 1, 2, 3));
        EXPECT_EQ(await(a), 1);
        EXPECT_EQ(await(b), 7);
        EXPECT_EQ(await(c), 6);
    });
}

TEST(pool, serves_those_who_wait_in_order) {
    on_every_loop([] {
        pool p(1);
        auto first = await(p.spawn(never));
        std::vector<int> log;
        std::vector<join_handle<void>> spawners;
        for (int i = 0; i < 3; ++i) {
            spawners.push_back(spawn([&, i] {
                const auto note = [&log, i] { log.push_back(i); };
                await(await(p.spawn(note)).join());
            }));
            until_it_waits(spawners.back());
        }
        EXPECT_EQ(p.waiting(), 3u);
        first.cancel();
        for (const auto& h : spawners) await(h);
        EXPECT_THAT(log, ElementsAre(0, 1, 2));
        EXPECT_EQ(p.free_count(), 1u);
    });
}

TEST(pool, loses_no_place_to_a_cancellation) {
    in_both_kinds([](coroutine_kind kind) {
        pool p(1);
        auto first = await(p.spawn(never));
        auto gives_up = spawn_member_as(kind, [&] { return p.spawn([] {}); });
        until_it_waits(gives_up);
        gives_up.cancel();
        await(gives_up.join());
        EXPECT_TRUE(gives_up.was_cancelled());
        EXPECT_EQ(p.waiting(), 0u);

        // Woken, and cancelled before it runs: either it has spawned, or the place is free.
        int ran = 0;
        auto unlucky = spawn_member_as(kind, [&] { return p.spawn([&ran] { ++ran; }); });
        until_it_waits(unlucky);
        auto canceller = spawn([&] {
            await(first.join());
            unlucky.cancel();
        });
        until_it_waits(canceller);
        first.cancel();
        await(unlucky.join());
        await(canceller);
        await(p.join());
        EXPECT_EQ(ran, unlucky.successful() ? 1 : 0);
        EXPECT_EQ(p.free_count(), 1u);
        await(await(p.spawn([&ran] { ran = 9; })).join());
        EXPECT_EQ(ran, 9);
    });
}

task<> crawl(pool& p, gauge& g, int depth) {
    g.enter();
    co_await weft::yield_now();
    g.leave();
    if (depth == 0) co_return;
    for (int i = 0; i < 2; ++i) {
        const auto child = co_await p.spawn(crawl, std::ref(p), std::ref(g), depth - 1);
        static_cast<void>(child);
    }
}
void crawl_in_fiber(pool& p, gauge& g, int depth) {
    g.enter();
    await(weft::yield_now());
    g.leave();
    if (depth == 0) return;
    for (int i = 0; i < 2; ++i)
        await(p.spawn(crawl_in_fiber, std::ref(p), std::ref(g), depth - 1)).detach();
}

TEST(pool, runs_what_a_member_spawns_into_it_when_it_is_full_in_the_members_place) {
    on_every_loop([] {
        for (const std::size_t n : {1u, 3u}) {
            gauge g;
            pool p(n);
            await(p.spawn(crawl, std::ref(p), std::ref(g), 6)).detach();
            await(p.join());
            EXPECT_EQ(g.ran, 127);
            EXPECT_LE(g.most, static_cast<int>(n));
            gauge f;
            await(p.spawn(crawl_in_fiber, std::ref(p), std::ref(f), 6)).detach();
            await(p.join());
            EXPECT_EQ(f.ran, 127);
            EXPECT_LE(f.most, static_cast<int>(n));
            EXPECT_EQ(p.free_count(), n);
        }
    });
}

TEST(pool, gives_the_handle_of_what_ran_in_a_members_place_when_that_has_ended) {
    on_every_loop([] {
        pool p(1);
        const auto direct = [&] { return await(p.spawn([] { await(sleep(1ms)); })).ready(); };
        EXPECT_TRUE(await(await(p.spawn(direct))));
        const auto fails = [&] {
            const auto inner = await(p.spawn([] { throw std::runtime_error("inner"); }));
            return weft::describe_exception(inner.error());
        };
        EXPECT_THAT(await(await(p.spawn(fails))), HasSubstr("inner"));
    });
}

TEST(pool, cancels_what_runs_in_the_place_of_a_member_that_is_cancelled) {
    on_every_loop([] {
        pool p(1);
        bool inner_ended = false;
        const auto wait_for_ever = [&] {
            try {
                await(for_ever());
            } catch (const weft::cancelled&) {
                inner_ended = true;
                throw;
            }
        };
        auto member = await(p.spawn([&] {
            await(p.spawn(wait_for_ever)).detach();
            await(weft::yield_now());
            ADD_FAILURE() << "it was cancelled";
        }));
        until([&] { return p.size() == 2; });
        until_it_waits(member);
        for (int i = 0; i < 9; ++i) await(weft::yield_now());
        member.cancel();
        await(p.join());
        EXPECT_TRUE(inner_ended);
        EXPECT_TRUE(member.was_cancelled());
    });
}

TEST(pool, maps_within_its_limit) {
    in_both_kinds([](coroutine_kind kind) {
        gauge g;
        pool p(2);
        const auto square = [&g](int n) -> task<int> {
            (void)co_await work(g, (5 - n) * 1ms);
            co_return n* n;
        };
        const std::vector<int> input = {1, 2, 3, 4, 5};
        EXPECT_THAT(get_as(kind, [&] { return p.map(square, input); }),
                    ElementsAre(1, 4, 9, 16, 25));
        EXPECT_EQ(g.most, 2);
        // By a member of the full pool: one after the other, in its own place.
        pool one(1);
        const auto map_inside = [&] { return await(one.map(square, input)); };
        EXPECT_THAT(await(await(one.spawn(map_inside))), ElementsAre(1, 4, 9, 16, 25));
        EXPECT_EQ(await(p.apply([](int n) { return n + 1; }, 4)), 5);
    });
}

TEST(pool, shares_its_places_between_maps) {
    on_every_loop([] {
        gauge g;
        pool p(3);
        const auto each = [&g](int n) -> task<int> {
            (void)co_await work(g, 1ms);
            co_return n;
        };
        const std::vector<int> input(20, 1);
        auto a = spawn([&] { return await(p.map(each, input)).size(); });
        auto b = spawn([&] {
            int sum = 0;
            for (const int n : p.imap_unordered(each, input)) sum += n;
            return sum;
        });
        EXPECT_EQ(await(a), 20u);
        EXPECT_EQ(await(b), 20);
        EXPECT_EQ(g.most, 3);
        EXPECT_EQ(p.free_count(), 3u);
    });
}

TEST(pool, refuses_to_be_of_no_size) {
    EXPECT_THAT(thrown<weft::usage_error>([] { pool(0); }), HasSubstr("a place at least"));
}

TEST(pool_death, under_a_waiter_is_told) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    const auto destroy_under_waiter = [] {
        weft::run([] {
            std::optional<pool> p(std::in_place, 1u);
            await(p->spawn(never)).detach();
            auto h = spawn([&] { await(p->spawn(never)).detach(); });
            until_it_waits(h);
            p.reset();
        });
    };
    EXPECT_DEATH(destroy_under_waiter(), "pool was destroyed while a coroutine waits");
}

}  // namespace
