#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/as_completed.hpp"
#include "weft/core/cancel_all.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/join_all.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/wait_handles.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using weft::as_completed;
using weft::await;
using weft::cancel_all;
using weft::join_all;
using weft::join_handle;
using weft::return_when;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

using handles = std::vector<join_handle<int>>;

task<int> after(std::chrono::milliseconds d, int n) {
    co_await sleep(d);
    co_return n;
}
task<int> fail_after(std::chrono::milliseconds d) {
    co_await sleep(d);
    throw std::runtime_error("no");
}
task<int> never() {
    co_await for_ever();
    co_return 0;
}
task<int> after_the_end_of(join_handle<int> other, int n) {
    co_await other.join();
    co_return n;
}
task<int> fail_after_the_end_of_both(join_handle<int> a, join_handle<int> b) {
    co_await a.join();
    co_await b.join();
    throw std::runtime_error("no");
}
/// They end in the order 2, 0, 1.
handles three() {
    auto c = spawn(after(1ms, 2));
    auto a = spawn(after_the_end_of(c, 0));
    return {a, spawn(after_the_end_of(a, 1)), c};
}
/// The same, but 1 never ends.
handles two_of_three() {
    auto c = spawn(after(1ms, 2));
    return {spawn(after_the_end_of(c, 0)), spawn(never()), c};
}
/// Not so late that what takes 1 ms has not ended after 10.
bool time_is_virtual() {
    return weft::detail::this_scheduler().how().choices() != nullptr;
}
std::vector<int> values(const handles& all) {
    std::vector<int> found;
    for (const auto& h : all) found.push_back(h.value());
    return found;
}
void end(const handles& all) {
    await(cancel_all(all));
}

TEST(wait, gives_the_first_that_ends) {
    in_both_kinds([](coroutine_kind kind) {
        const handles all = two_of_three();
        const auto found =
            get_as(kind, [&] { return weft::wait(all, return_when::first_completed); });
        EXPECT_THAT(values(found.done()), ElementsAre(2));
        EXPECT_THAT(found.pending(), SizeIs(2));
        EXPECT_FALSE(all[1].ready()) << "nobody is cancelled";
        end(all);
    });
}

TEST(wait, gives_all_in_the_order_of_their_ends) {
    on_every_loop([] {
        const handles all = three();
        const auto found = await(weft::wait(all));
        EXPECT_THAT(values(found.done()), ElementsAre(2, 0, 1));
        EXPECT_THAT(found.pending(), IsEmpty());
        EXPECT_THAT(await(weft::wait(all)).done(), SizeIs(3)) << "they have ended already";
        EXPECT_THAT(await(weft::wait(handles(), return_when::first_completed)).done(), IsEmpty());
    });
}

TEST(wait, for_the_first_error_overlooks_results_and_cancellations) {
    on_every_loop([] {
        const auto one = spawn(after(1ms, 0));
        const auto two = spawn(never());
        const handles all = {one, two, spawn(fail_after_the_end_of_both(one, two)), spawn(never())};
        all[1].cancel();
        const auto found = await(weft::wait(all, return_when::first_error));
        EXPECT_THAT(found.done(), SizeIs(3));
        EXPECT_THAT(found.pending(), SizeIs(1));
        EXPECT_NE(all[2].error(), nullptr);
        end(all);
        const handles good = three();
        EXPECT_THAT(await(weft::wait(good, return_when::first_error)).done(), SizeIs(3));
    });
}

TEST(wait, gives_up_after_its_time) {
    on_every_loop([] {
        const handles all = two_of_three();
        EXPECT_THAT(await(weft::wait(all, return_when::all_completed, 0ms)).done(), IsEmpty());
        const auto found = await(weft::wait(all, return_when::all_completed, 10ms));
        if (time_is_virtual()) {
            EXPECT_THAT(values(found.done()), ElementsAre(2, 0));
        }
        EXPECT_EQ(found.done().size() + found.pending().size(), 3u);
        EXPECT_FALSE(all[1].ready());
        end(all);
        EXPECT_EQ(weft::detail::this_scheduler().timers().size(), 0u);
    });
}

TEST(wait, that_is_cancelled_cancels_nobody) {
    in_both_kinds([](coroutine_kind kind) {
        const handles all = two_of_three();
        auto h = spawn_as(kind, [&] { return weft::wait(all); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        await(sleep(1ms));
        EXPECT_FALSE(all[1].ready());
        EXPECT_EQ(await(all[0]), 0);
        end(all);
    });
}

TEST(wait, refuses_the_handle_of_who_awaits) {
    on_every_loop([] {
        std::vector<join_handle<void>> self(1);
        self[0] = spawn([&] { (void)await(weft::wait(self)); });
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(self[0]); }), HasSubstr("its own"));
        self[0] = spawn([&] { await(cancel_all(self)); });
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(self[0]); }), HasSubstr("its own"));
    });
}

TEST(join_all, gives_the_finished_ones_in_the_order_of_their_ends) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_THAT(values(get_as(kind, [] { return join_all(three()); })), ElementsAre(2, 0, 1));
    });
}

TEST(join_all, waits_for_a_count) {
    on_every_loop([] {
        const handles all = two_of_three();
        EXPECT_THAT(values(await(join_all(all, weft::no_timeout, false, 2))), ElementsAre(2, 0));
        EXPECT_FALSE(all[1].ready());
        end(all);
        EXPECT_THAT(await(join_all(all, weft::no_timeout, false, 9)), SizeIs(3));
    });
}

TEST(join_all, gives_those_that_have_ended_in_time) {
    on_every_loop([] {
        const handles all = two_of_three();
        const auto finished = await(join_all(all, 10ms));
        if (time_is_virtual()) {
            EXPECT_THAT(values(finished), ElementsAre(2, 0));
        }
        EXPECT_LT(finished.size(), 3u);
        end(all);
    });
}

TEST(join_all, raises_the_first_error_when_asked_to) {
    on_every_loop([] {
        const handles all = {spawn(never()), spawn(fail_after(1ms)), spawn(never())};
        all[2].cancel();
        EXPECT_EQ(
            thrown<std::runtime_error>([&] { (void)await(join_all(all, weft::no_timeout, true)); }),
            "no");
        EXPECT_FALSE(all[0].ready()) << "the others run on";
        EXPECT_TRUE(all[2].was_cancelled()) << "which is no failure";
        EXPECT_THAT(await(join_all(all, weft::no_timeout, false, 2)), SizeIs(2));
        end(all);
    });
}

TEST(cancel_all, cancels_and_joins) {
    in_both_kinds([](coroutine_kind kind) {
        const handles all = {spawn(never()), spawn(after(1h, 1)), spawn(never())};
        get_as(kind, [&] { return cancel_all(all); });
        for (const auto& h : all) EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(cancel_all, need_not_wait_and_need_not_wait_for_ever) {
    on_every_loop([] {
        auto gate = spawn(never());
        const auto shielded = [gate]() -> task<> { co_await weft::with_shield(gate.join()); };
        const std::vector<join_handle<void>> all = {spawn(shielded()), spawn(shielded())};
        for (const auto& h : all) until_it_waits(h);
        await(cancel_all(all, false));
        EXPECT_FALSE(all[0].ready());
        EXPECT_THAT(thrown<weft::timed_out>([&] { await(cancel_all(all, true, 1ms)); }),
                    HasSubstr("wait_handles_test.cpp"));
        gate.cancel();
        await(cancel_all(all, true, 1h));
        EXPECT_TRUE(all[0].ready() && all[1].ready());
    });
}

task<std::vector<int>> collect(handles all) {
    std::vector<int> found;
    auto ended = as_completed(all);
    while (const auto h = co_await ended.next()) found.push_back(h->value());
    co_return found;
}

TEST(as_completed, gives_handles_in_the_order_of_their_ends) {
    on_every_loop([] {
        EXPECT_THAT(await(collect(three())), ElementsAre(2, 0, 1));
        std::vector<int> found;
        for (const auto& h : as_completed(three())) found.push_back(h.value());
        EXPECT_THAT(found, ElementsAre(2, 0, 1));
        for (const auto& h : as_completed(handles())) FAIL() << h.id();
    });
}

TEST(as_completed, that_is_left_early_leaves_the_others_alone) {
    on_every_loop([] {
        const handles all = three();
        for (const auto& h : as_completed(all)) {
            EXPECT_EQ(h.value(), 2);
            break;
        }
        EXPECT_EQ(await(all[0]), 0);
        end(all);
    });
}

TEST(as_completed, goes_on_after_a_wait_that_was_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        auto ended = as_completed(three());
        auto h = spawn_as(kind, [&] { return ended.next(); });
        until_it_waits(h);
        EXPECT_THAT(thrown<weft::usage_error>([&] { (void)await(ended.next()); }),
                    HasSubstr("at once"));
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(ended.left(), 3u);
        EXPECT_EQ(await(ended.next())->value(), 2);
        EXPECT_EQ(ended.left(), 2u);
        EXPECT_EQ(await(ended.next())->value(), 0);
        EXPECT_EQ(await(ended.next())->value(), 1);
        EXPECT_FALSE(await(ended.next()));
    });
}

}  // namespace
