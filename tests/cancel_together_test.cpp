// What awaits several coroutines at once, cancelled at every await.

#include "cancel_everywhere_test.hpp"

#include "weft/core/group.hpp"
#include "weft/core/pool.hpp"
#include "weft/core/retry.hpp"
#include "weft/core/token_bucket.hpp"
#include "weft/core/when_all.hpp"
#include "weft/core/when_any.hpp"

#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <stdexcept>
#include <vector>

namespace {

using weft::await;
using weft::child_cancelled;
using weft::group;
using weft::pool;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::token_bucket;
using weft::when_all;
using weft::when_any;
using weft::testing::cancel_everywhere;
using weft::testing::coroutine_kind;
using weft::testing::proving_ground;
using weft::testing::witness;
using namespace std::chrono_literals;

task<int> leaf(proving_ground& g, int n) {
    const witness w;
    g.step();
    co_await sleep(n * 1ms);
    g.step();
    co_await weft::yield_now();
    co_return n;
}
int leaf_in_fiber(proving_ground& g, int n) {
    return await(leaf(g, n));
}

TEST(cancel_everywhere, when_all_and_when_any) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        int sum = 0;
        const auto body = [&]() -> task<> {
            const witness w;
            auto given = spawn(leaf_in_fiber, std::ref(g), 2);
            g.inner = given;
            try {
                g.step();
                const auto [a, b, c] = co_await when_all(leaf(g, 1), given, leaf(g, 0));
                g.step();
                auto first = co_await when_any(leaf(g, 5), leaf(g, 1), leaf(g, 9));
                sum = a + b + c + static_cast<int>(first.index());
            } catch (const child_cancelled&) {
                sum = -1;  // the one that was given
            }
            // It is not a child: what is left of it was begun outside.
            given.cancel();
            co_await weft::with_shield(given.join());
        };
        if (kind == coroutine_kind::task)
            g.run_root(kind, body);
        else
            g.run_fiber([&] { await(body()); });
        if (!g.hit()) {
            EXPECT_EQ(sum, 4);
        }
        // Cancelled before it was shielded, it may still be ending.
        await(sleep(20ms));
    });
}

TEST(cancel_everywhere, pool_and_its_items) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        pool p(2);
        const auto work = [&g](int n) { return leaf(g, n); };
        int sum = 0;
        const std::vector<int> input = {1, 2, 3};
        const auto body = [&]() -> task<> {
            const witness w;
            try {
                g.step();
                auto h = co_await p.spawn(leaf, std::ref(g), 3);
                g.inner = h;
                g.step();
                for (const int n : co_await p.map(work, input)) sum += n;
                g.step();
                auto rest = p.imap(work, input);
                while (const auto one = co_await rest.next()) sum += *one;
                g.step();
                sum += co_await h;
            } catch (const child_cancelled&) {
                sum = -1;
            }
        };
        if (kind == coroutine_kind::task)
            g.run_root(kind, body);
        else
            g.run_fiber([&] { await(body()); });
        await(p.join());
        EXPECT_EQ(p.free_count(), 2u);
        if (!g.hit()) {
            EXPECT_EQ(sum, 15);
        }
    });
}

TEST(cancel_everywhere, members_that_spawn_into_their_full_pool) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        pool p(1);
        int ran = 0;
        const std::function<void(int)> crawl = [&](int depth) {
            const witness w;
            ++ran;
            g.step();
            await(weft::yield_now());
            for (int i = 0; i < 2 && depth > 0; ++i) {
                g.step();
                auto h = await(p.spawn(std::ref(crawl), depth - 1));
                g.inner = h;
            }
        };
        const auto body = [&]() -> task<> {
            g.step();
            auto h = co_await p.spawn(std::ref(crawl), 2);
            g.step();
            co_await h.join();
        };
        if (kind == coroutine_kind::task)
            g.run_root(kind, body);
        else
            g.run_fiber([&] { await(body()); });
        await(p.join());
        EXPECT_EQ(p.free_count(), 1u);
        EXPECT_LE(ran, 7);
        if (!g.hit()) {
            EXPECT_EQ(ran, 7);
        }
    });
}

TEST(cancel_everywhere, takers_and_retries) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        token_bucket tokens(1'000, 2);
        int taken = 0;
        const auto take_one = [&]() -> task<int> {
            const witness w;
            g.step();
            co_await tokens.take();
            if (++taken % 2 == 1) throw std::runtime_error("every other time");
            co_return taken;
        };
        const auto body = [&]() -> task<> {
            const auto policy = weft::retry_policy().delay(1ms);
            for (int i = 0; i < 3; ++i) (void)co_await weft::retry(policy, take_one);
        };
        auto other = spawn([&] {
            for (int i = 0; i < 3; ++i) await(tokens.take(2));
        });
        g.inner = other;
        if (kind == coroutine_kind::task)
            g.run_root(kind, body);
        else
            g.run_fiber([&] { await(body()); });
        await(other.join());
        EXPECT_EQ(tokens.waiting(), 0u);
        if (!g.hit()) {
            EXPECT_EQ(taken, 6);
        }
    });
}

}  // namespace
