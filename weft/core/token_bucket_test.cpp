#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/token_bucket.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::clock;
using weft::join_handle;
using weft::sleep;
using weft::spawn;
using weft::token_bucket;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

/// Some are simulated, and not disturbed by what else the machine does.
bool time_is_virtual() {
    return weft::detail::this_scheduler().how().choices() != nullptr;
}

TEST(token_bucket, gives_its_burst_at_once_and_then_its_rate) {
    in_both_kinds([](coroutine_kind kind) {
        token_bucket b(1'000, 3);
        const auto began = clock::now();
        for (int i = 0; i < 3; ++i) get_as(kind, [&] { return b.take(); });
        if (time_is_virtual()) {
            EXPECT_LT(clock::now() - began, 1ms);
        }
        for (int i = 0; i < 10; ++i) get_as(kind, [&] { return b.take(); });
        EXPECT_GE(clock::now() - began, 10ms - 1us);
        if (time_is_virtual()) {
            EXPECT_LT(clock::now() - began, 11ms);
        }
    });
}

TEST(token_bucket, fills_no_higher_than_its_burst) {
    on_every_loop([] {
        token_bucket b(1'000, 5);
        EXPECT_EQ(b.available(), 5u);
        EXPECT_TRUE(b.try_take(5));
        await(sleep(30ms));
        EXPECT_EQ(b.available(), 5u);
        EXPECT_TRUE(b.try_take(5));
        if (time_is_virtual()) {
            EXPECT_FALSE(b.try_take());
        }
    });
}

TEST(token_bucket, serves_first_come_first_served) {
    on_every_loop([] {
        token_bucket b(1'000, 4);
        EXPECT_TRUE(b.try_take(4));
        std::vector<int> log;
        std::vector<join_handle<void>> takers;
        for (const int n : {4, 1, 2}) {
            takers.push_back(spawn([&, n] {
                await(b.take(static_cast<std::size_t>(n)));
                log.push_back(n);
            }));
            until_it_waits(takers.back());
        }
        EXPECT_EQ(b.waiting(), 3u);
        await(sleep(2ms));
        if (time_is_virtual()) {
            EXPECT_FALSE(b.try_take()) << "nobody overtakes who waits for many";
        }
        for (const auto& h : takers) await(h);
        EXPECT_THAT(log, ElementsAre(4, 1, 2));
        EXPECT_EQ(weft::detail::this_scheduler().timers().size(), 0u);
    });
}

TEST(token_bucket, gives_nothing_to_who_is_cancelled_and_serves_the_next) {
    in_both_kinds([](coroutine_kind kind) {
        token_bucket b(10, 10);
        EXPECT_TRUE(b.try_take(9));
        const auto began = clock::now();
        auto big = spawn_as(kind, [&] { return b.take(10); });
        until_it_waits(big);
        auto small = spawn_as(kind, [&] { return b.take(1); });
        until_it_waits(small);
        big.cancel();
        await(small);
        if (time_is_virtual()) {
            EXPECT_LT(clock::now() - began, 100ms) << "there was one all the time";
        }
        await(big.join());
        EXPECT_TRUE(big.was_cancelled());
        EXPECT_EQ(b.waiting(), 0u);
        EXPECT_THROW(await(weft::with_timeout(1ms, b.take(10))), weft::timed_out);
        EXPECT_EQ(weft::detail::this_scheduler().timers().size(), 0u);
    });
}

TEST(token_bucket, keeps_its_rate_over_many_takes) {
    on_every_loop([] {
        token_bucket b(3'000, 1);
        const auto began = clock::now();
        for (int i = 0; i < 91; ++i) await(b.take());
        EXPECT_GE(clock::now() - began, 30ms - 100us);
        if (time_is_virtual()) {
            EXPECT_LT(clock::now() - began, 31ms);
        }
    });
}

TEST(token_bucket, refuses_what_cannot_be) {
    EXPECT_THAT(thrown<weft::usage_error>([] { token_bucket(0, 1); }), HasSubstr("above 0"));
    EXPECT_THAT(thrown<weft::usage_error>([] { token_bucket(-1, 1); }), HasSubstr("above 0"));
    EXPECT_THAT(thrown<weft::usage_error>([] { token_bucket(1, 0); }), HasSubstr("at least 1"));
    EXPECT_THROW(token_bucket(std::numeric_limits<double>::quiet_NaN(), 1), weft::usage_error);
    token_bucket b(1, 2);
    EXPECT_THAT(thrown<weft::usage_error>([&] { (void)b.take(3); }),
                HasSubstr("holds 2 at the most"));
}

TEST(token_bucket_death, under_a_waiter_is_told) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto destroy_under_waiter = [] {
        weft::run([] {
            std::optional<token_bucket> b(std::in_place, 1, 1);
            EXPECT_TRUE(b->try_take());
            auto h = spawn([&] { await(b->take()); });
            until_it_waits(h);
            b.reset();
        });
    };
    EXPECT_DEATH(destroy_under_waiter(), "a token_bucket was destroyed while a coroutine waits");
}

}  // namespace
