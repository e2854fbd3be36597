// The same for what outlasts a cancellation: cleanups, shields, and what is spawned for later.

#include "cancel_everywhere_test.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/scope.hpp"
#include "weft/core/spawn_later.hpp"
#include "weft/core/with_cleanup.hpp"
#include "weft/io/pipe.hpp"

#include <array>
#include <chrono>
#include <coroutine>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace {

using weft::await;
using weft::cancel_scope;
using weft::child_cancelled;
using weft::join_handle;
using weft::scope;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::timed_out;
using weft::with_cancel;
using weft::with_cleanup;
using weft::with_scope;
using weft::with_shield;
using weft::with_timeout;
using weft::testing::cancel_everywhere;
using weft::testing::coroutine_kind;
using weft::testing::proving_ground;
using weft::testing::witness;
using namespace std::chrono_literals;

/// A child that is `as_task(args...)` or `as_fiber(args...)`.
template <class Task, class Fiber, class... Args>
auto spawn_in(scope& s, coroutine_kind kind, Task as_task, Fiber as_fiber, Args... args) {
    if (kind == coroutine_kind::task) return s.spawn(as_task, args...);
    return s.spawn(as_fiber, args...);
}

task<> leaf(proving_ground& g, weft::clock::duration d) {
    const witness w;
    g.step();
    co_await sleep(d);
    g.step();
    co_await weft::yield_now();
}
void leaf_in_fiber(proving_ground& g, weft::clock::duration d) {
    const witness w;
    g.step();
    await(sleep(d));
    g.step();
    await(weft::yield_now());
}

// ---- what was acquired is released, by cleanups that wait

struct tokens {
    int taken = 0;
    int released = 0;
};

task<> use_token(proving_ground& g, tokens& t) {
    const witness w;
    ++t.taken;
    const auto body = [&g]() -> task<> {
        const witness inside;
        g.step();
        co_await sleep(1ms);
        g.step();
        co_await sleep(1ms);
    };
    const auto cleanup = [&]() -> task<> {
        const witness inside;
        g.step();
        co_await sleep(1ms);
        g.step();
        co_await weft::yield_now();
        ++t.released;
    };
    co_await with_cleanup(body, cleanup);
}
void use_token_in_fiber(proving_ground& g, tokens& t) {
    const witness w;
    ++t.taken;
    await(with_cleanup(
        [&g] {
            const witness inside;
            g.step();
            await(sleep(1ms));
            g.step();
            await(sleep(1ms));
        },
        [&] {
            const witness inside;
            g.step();
            await(sleep(1ms));
            g.step();
            await(weft::yield_now());
            ++t.released;
        }));
}

TEST(cancel_everywhere, cleanups_that_wait) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        tokens t;
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i)
                g.inner =
                    spawn_in(s, kind, use_token, use_token_in_fiber, std::ref(g), std::ref(t));
            co_await use_token(g, t);
        };
        g.run_root(kind, [&] { return with_scope(body); });
        EXPECT_EQ(t.released, t.taken);
    });
}

// ---- a shield inside of a deadline

TEST(cancel_everywhere, shield_inside_of_a_deadline) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        int began = 0;
        int ended = 0;
        const auto whole = [&]() -> task<> {
            const witness w;
            ++began;
            for (int i = 0; i < 3; ++i) {
                g.step();
                co_await sleep(1ms);
            }
            ++ended;
        };
        const auto whole_in_fiber = [&] {
            const witness w;
            ++began;
            for (int i = 0; i < 3; ++i) {
                g.step();
                await(sleep(1ms));
            }
            ++ended;
        };
        const auto part = [&]() -> task<> {
            const witness w;
            g.step();
            co_await weft::yield_now();
            co_await with_shield(std::ref(whole));
            g.step();
            co_await sleep(1h);
        };
        const auto as_task = [&]() -> task<> {
            try {
                co_await with_timeout(2ms, std::ref(part));
            } catch (const timed_out&) {}
            g.step();
            co_await weft::yield_now();
        };
        const auto as_fiber = [&] {
            try {
                await(with_timeout(2ms, [&] {
                    const witness w;
                    g.step();
                    await(weft::yield_now());
                    await(with_shield(std::ref(whole_in_fiber)));
                    g.step();
                    await(sleep(1h));
                }));
            } catch (const timed_out&) {
                g.step();
                await(weft::yield_now());
            }
        };
        if (kind == coroutine_kind::task)
            g.run_root(kind, as_task);
        else
            g.run_fiber(as_fiber);
        EXPECT_EQ(ended, began) << "what is shielded ends";
    });
}

// ---- spawned for later, outside of any scope, and ended by a cleanup

TEST(cancel_everywhere, spawned_for_later) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        std::vector<join_handle<void>> later;
        const auto begin = [&]() -> task<> {
            for (int i = 0; i < 3; ++i) {
                if (kind == coroutine_kind::task)
                    later.push_back(weft::spawn_later(i * 1ms, leaf, std::ref(g), 1ms));
                else
                    later.push_back(weft::spawn_later(i * 1ms, leaf_in_fiber, std::ref(g), 1ms));
                g.inner = later.back();
            }
            for (const auto& h : later) {
                g.step();
                co_await h.join();
            }
        };
        const auto end = [&]() -> task<> {
            for (const auto& h : later) h.cancel();
            for (const auto& h : later) co_await h.join();
        };
        g.run_root(kind, [&] { return with_cleanup(begin, end); });
        for (const auto& h : later) EXPECT_TRUE(h.ready());
    });
}

}  // namespace
