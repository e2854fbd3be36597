#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/group.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using weft::await;
using weft::group;
using weft::sleep;
using weft::task;
using weft::testing::collected_reports;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;
using weft::testing::with_every_loop;

/// The larger, the sooner; fails for 13.
task<int> square(int n) {
    co_await sleep((20 - n) * 1ms);
    if (n == 13) throw std::runtime_error("thirteen");
    co_return n* n;
}
int square_in_fiber(int n) {
    return await(square(n));
}
const std::vector<int> one_to_four = {1, 2, 3, 4};

TEST(group, joins_its_members) {
    in_both_kinds([](coroutine_kind kind) {
        group g;
        const auto a = g.spawn(square, 3);
        const auto b = g.spawn(square(4));
        g.spawn([] {}).detach();
        EXPECT_EQ(g.size(), 3u);
        get_as(kind, [&] { return g.join(); });
        EXPECT_TRUE(g.empty());
        EXPECT_EQ(a.value() + b.value(), 25);
        get_as(kind, [&] { return g.join(); });
    });
}

TEST(group, raises_the_first_error_of_its_members_when_asked_to) {
    with_every_loop([](weft::options how) {
        collected_reports reports;
        weft::run(how.on_unhandled(reports.for_unhandled()), [] {
            group g;
            g.spawn(square, 13).detach();
            g.spawn(square, 1).detach();
            EXPECT_EQ(thrown<std::runtime_error>([&] { await(g.join(true)); }), "thirteen");
            EXPECT_TRUE(g.empty()) << "it has waited for all";
            g.spawn(square, 13).detach();
            await(g.join());
        });
        EXPECT_THAT(reports.all(), ElementsAre(HasSubstr("thirteen"))) << "the one nobody joined";
    });
}

TEST(group, cancels_and_joins_its_members) {
    in_both_kinds([](coroutine_kind kind) {
        group g;
        const auto a = g.spawn(for_ever);
        const auto b = g.spawn(square, 1);
        get_as(kind, [&] { return g.cancel(); });
        EXPECT_TRUE(a.was_cancelled() && b.was_cancelled());
        EXPECT_TRUE(g.empty());
        // A member may ask for it: it is cancelled with the others.
        const auto c = g.spawn([&] {
            await(g.cancel());
            ADD_FAILURE() << "it goes on";
        });
        await(g.join());
        EXPECT_TRUE(c.was_cancelled());
    });
}

TEST(group, refuses_to_be_joined_by_a_member) {
    on_every_loop([] {
        group g;
        const auto h = g.spawn([&] { await(g.join()); });
        await(g.join());
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(h); }), HasSubstr("its own members"));
    });
}

TEST(group, may_be_destroyed_while_its_members_run_on) {
    on_every_loop([] {
        std::optional<group> g(std::in_place);
        const auto h = g->spawn(square, 5);
        g.reset();
        EXPECT_EQ(await(h), 25);
    });
}

TEST(group, that_is_joined_by_several_lets_one_give_up) {
    in_both_kinds([](coroutine_kind kind) {
        group g;
        g.spawn(square, 1).detach();
        auto a = spawn_as(kind, [&] { return g.join(); });
        auto b = spawn_as(kind, [&] { return g.join(); });
        until_it_waits(a);
        until_it_waits(b);
        a.cancel();
        await(a.join());
        EXPECT_TRUE(a.was_cancelled());
        await(b);
        EXPECT_TRUE(g.empty());
    });
}

TEST(group, maps_in_the_order_of_the_input) {
    in_both_kinds([](coroutine_kind kind) {
        group g;
        EXPECT_THAT(get_as(kind, [&] { return g.map(square, one_to_four); }),
                    ElementsAre(1, 4, 9, 16));
        EXPECT_EQ(await(g.apply(square_in_fiber, 7)), 49);
        EXPECT_THAT(await(g.map(square, std::vector<int>())), IsEmpty());
        int calls = 0;
        await(g.map([&calls](int) { ++calls; }, one_to_four));
        EXPECT_EQ(calls, 4);
        EXPECT_TRUE(g.empty());
    });
}

TEST(group, map_raises_the_first_error_and_cancels_the_others) {
    on_every_loop([] {
        group g;
        int ended = 0;
        const auto work = [&ended](int n) -> task<int> {
            if (n == 13) co_return co_await square(n);
            try {
                co_await for_ever();
            } catch (const weft::cancelled&) {
                ++ended;
                throw;
            }
            co_return n;
        };
        const std::vector<int> input = {1, 2, 13, 3};
        EXPECT_EQ(thrown<std::runtime_error>([&] { (void)await(g.map(work, input)); }), "thirteen");
        EXPECT_EQ(ended, 3);
        EXPECT_TRUE(g.empty());
    });
}

TEST(group, map_and_apply_that_are_cancelled_cancel_their_items) {
    in_both_kinds([](coroutine_kind kind) {
        group g;
        const auto never = [](int) { return for_ever(); };
        auto map = spawn_as(kind, [&] { return g.map(never, one_to_four); });
        auto apply = spawn_as(kind, [&] { return g.apply(never, 1); });
        while (g.size() < 5) await(weft::yield_now());
        for (int i = 0; i < 9; ++i) await(weft::yield_now());
        map.cancel();
        apply.cancel();
        await(map.join());
        await(apply.join());
        EXPECT_TRUE(map.was_cancelled() && apply.was_cancelled());
        EXPECT_TRUE(g.empty());
    });
}

task<std::vector<int>> collect(group& g, bool in_order) {
    std::vector<int> found;
    if (in_order) {
        auto all = g.imap(square, one_to_four);
        while (const auto one = co_await all.next()) found.push_back(*one);
    } else {
        auto all = g.imap_unordered(square, one_to_four);
        while (const auto one = co_await all.next()) found.push_back(*one);
    }
    co_return found;
}

TEST(group, imap_gives_results_in_the_order_of_the_input_or_as_they_come) {
    on_every_loop([] {
        group g;
        EXPECT_THAT(await(collect(g, true)), ElementsAre(1, 4, 9, 16));
        const auto as_they_come = await(collect(g, false));
        EXPECT_THAT(as_they_come, UnorderedElementsAre(1, 4, 9, 16));
        if (weft::detail::this_scheduler().how().choices() != nullptr) {
            EXPECT_THAT(as_they_come, ElementsAre(16, 9, 4, 1)) << "the larger, the sooner";
        }
        std::vector<int> in_fiber;
        for (const int n : g.imap(square_in_fiber, one_to_four)) in_fiber.push_back(n);
        EXPECT_THAT(in_fiber, ElementsAre(1, 4, 9, 16));
    });
}

TEST(group, imap_raises_an_error_when_its_item_comes_and_goes_on) {
    on_every_loop([] {
        group g;
        const std::vector<int> input = {1, 13, 2};
        auto all = g.imap(square, input);
        EXPECT_EQ(*await(all.next()), 1);
        EXPECT_EQ(thrown<std::runtime_error>([&] { (void)await(all.next()); }), "thirteen");
        EXPECT_EQ(*await(all.next()), 4);
        EXPECT_FALSE(await(all.next()));
        EXPECT_FALSE(await(all.next()));
    });
}

TEST(group, imap_over_an_endless_input_keeps_to_its_window) {
    on_every_loop([] {
        group g;
        int begun = 0;
        const auto note = [&begun](int n) -> task<int> {
            ++begun;
            co_await weft::yield_now();
            co_return n;
        };
        {
            auto all = g.imap(note, std::views::iota(0), 5);
            for (int i = 0; i < 100; ++i) {
                EXPECT_EQ(*await(all.next()), i);
                EXPECT_LE(all.outstanding(), 5u);
            }
            EXPECT_LE(begun, 105);
        }
        await(g.join());
    });
}

TEST(group, imap_that_is_left_early_cancels_what_is_on_its_way) {
    on_every_loop([] {
        group g;
        int ended = 0;
        const auto work = [&ended](int n) -> task<int> {
            if (n == 0) co_return n;
            try {
                co_await for_ever();
            } catch (const weft::cancelled&) {
                ++ended;
                throw;
            }
            co_return n;
        };
        for (const int n : g.imap(work, std::views::iota(0, 4))) {
            EXPECT_EQ(n, 0);
            await(sleep(1ms));
            break;
        }
        await(g.join());
        EXPECT_EQ(ended, 3);
    });
}

TEST(group, imap_loses_no_item_to_a_cancellation) {
    in_both_kinds([](coroutine_kind kind) {
        group g;
        auto all = g.imap(square, one_to_four);
        auto h = spawn_as(kind, [&] { return all.next(); });
        until_it_waits(h);
        while (g.size() < 4) await(weft::yield_now());
        for (int i = 0; i < 5; ++i) await(weft::yield_now());
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        std::vector<int> found;
        for (const int n : all) found.push_back(n);
        EXPECT_THAT(found, ElementsAre(1, 4, 9, 16));
    });
}

TEST(group, imap_reads_its_input_in_the_fiber_that_iterates) {
    on_every_loop([] {
        group g;
        const auto slow_item = [](int n) {
            await(sleep(1ms));
            return n;
        };
        const auto slow = std::views::iota(1, 4) | std::views::transform(slow_item);
        std::vector<int> found;
        for (const int n : g.imap(square, slow)) found.push_back(n);
        EXPECT_THAT(found, ElementsAre(1, 4, 9));
    });
}

TEST(group, imap_moves_results_that_cannot_be_copied) {
    on_every_loop([] {
        group g;
        const auto make = [](int n) { return std::make_unique<int>(n); };
        std::vector<std::unique_ptr<int>> found;
        for (auto& one : g.imap(make, one_to_four)) found.push_back(std::move(one));
        EXPECT_THAT(found, SizeIs(4));
        EXPECT_EQ(*found[3], 4);
        EXPECT_EQ(*await(g.map(make, one_to_four))[1], 2);
    });
}

TEST(group, imap_passes_on_an_error_of_its_input) {
    on_every_loop([] {
        group g;
        const auto fails = [](int n) {
            if (n == 2) throw std::runtime_error("input");
            return n;
        };
        const auto input = std::views::iota(0) | std::views::transform(fails);
        auto all = g.imap(square, input);
        EXPECT_EQ(thrown<std::runtime_error>([&] { (void)await(all.next()); }), "input");
        EXPECT_THAT(thrown<weft::usage_error>([&] { (void)g.imap(square, one_to_four, 0); }),
                    HasSubstr("window"));
    });
}

}  // namespace
