// await() in the body of a plain generator or consumer suspends the fiber that drives it; and what
// each() does outside of a fiber.

#include "weft/core/each.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/async_generator.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/from.hpp"
#include "weft/core/generator.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::consumer;
using weft::generator;
using weft::generator_state;
using weft::sleep;
using weft::spawn;
using weft::testing::on_every_loop;
using weft::testing::thrown;
using weft::testing::until_it_waits;

weft::task<int> slow(int n) {
    co_await sleep(1ms);
    co_return n;
}

generator<int> waiting_numbers(int count) {
    for (int i = 0; i < count; ++i) co_yield await(slow(i));
}
generator<int> delegating(int count) {
    co_yield weft::from(waiting_numbers(count));
    await(sleep(1ms));
    co_yield count;
}

TEST(generator_in_a_fiber, suspends_the_fiber_where_its_body_awaits) {
    on_every_loop([] {
        std::vector<int> got;
        bool others_ran = false;
        auto other = spawn([&] { others_ran = true; });
        for (const int n : delegating(3)) got.push_back(n);
        EXPECT_THAT(got, ElementsAre(0, 1, 2, 3));
        EXPECT_TRUE(others_ran);
        await(other);
    });
}

TEST(generator_in_a_fiber, is_running_for_others_while_it_waits) {
    on_every_loop([] {
        auto numbers = waiting_numbers(2);
        auto driver = spawn([&] { return numbers.next().value_or(-1); });
        until_it_waits(driver);
        EXPECT_EQ(numbers.state(), generator_state::running);
        EXPECT_THROW((void)numbers.next(), weft::already_executing);
        EXPECT_EQ(await(driver), 0);
        EXPECT_EQ(numbers.state(), generator_state::suspended);
        EXPECT_EQ(numbers.next().value_or(-1), 1);  // by another fiber now
    });
}

TEST(generator_in_a_fiber, gets_the_cancellation_of_its_driver) {
    on_every_loop([] {
        auto numbers = waiting_numbers(2);
        auto driver = spawn([&] { return numbers.next().value_or(-1); });
        until_it_waits(driver);
        driver.cancel();
        EXPECT_THROW(await(driver), weft::child_cancelled);
        EXPECT_EQ(numbers.state(), generator_state::closed);

        auto more = waiting_numbers(2);
        EXPECT_THROW(await(weft::with_timeout(10us, [&] { (void)more.next(); })), weft::timed_out);
        EXPECT_EQ(more.state(), generator_state::closed);
    });
}

weft::task<> drive_in_task(generator<int>& numbers) {
    static_cast<void>(numbers.next());
    co_return;
}

TEST(generator_in_a_task, may_not_await) {
    on_every_loop([] {
        auto numbers = waiting_numbers(1);
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(spawn(drive_in_task(numbers))); }),
                    HasSubstr("called in a task, which waits with co_await"));
    });
}

consumer<int> add_slowly(int& sum) {
    for (;;) {
        const int n = co_await weft::receive;
        sum += await(slow(n));
    }
}

TEST(consumer_in_a_fiber, suspends_the_sender_where_its_body_awaits) {
    on_every_loop([] {
        int sum = 0;
        auto sink = add_slowly(sum);
        sink.send(1);
        EXPECT_EQ(sum, 1);  // send() has waited
        auto sender = spawn([&] { sink.send(2); });
        until_it_waits(sender);
        EXPECT_THROW(sink.send(3), weft::already_executing);
        await(sender);
        EXPECT_EQ(sum, 3);
        sink.close();
    });
}

consumer<int> waits_before_its_first(bool& waited) {
    await(sleep(1ms));
    waited = true;
    for (;;) static_cast<void>(co_await weft::receive);
}

TEST(consumer_in_a_fiber, may_wait_while_it_is_made) {
    on_every_loop([] {
        bool waited = false;
        auto sink = waits_before_its_first(waited);
        EXPECT_TRUE(waited);
        sink.send(1);
    });
}

weft::async_generator<int> two() {
    co_yield 1;
    co_yield 2;
}

TEST(each, goes_on_where_it_was_left) {
    on_every_loop([] {
        auto numbers = two();
        for (const int n : weft::each(numbers)) {
            EXPECT_EQ(n, 1);
            break;
        }
        for (const int n : weft::each(numbers)) EXPECT_EQ(n, 2);
        for (const int n : weft::each(numbers)) ADD_FAILURE() << n;
    });
}

weft::task<> each_in_task() {
    for (const int n : weft::each(two())) static_cast<void>(n);
    co_return;
}

TEST(each, is_for_fibers_only) {
    EXPECT_THAT(thrown<weft::usage_error>([] { weft::run(each_in_task()); }),
                HasSubstr("called in a task"));
    EXPECT_THAT(thrown<weft::usage_error>([] {
                    for (const int n : weft::each(two())) static_cast<void>(n);
                }),
                HasSubstr("there is no loop on this thread"));
}

}  // namespace
