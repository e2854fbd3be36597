// Scenarios of coroutines that are cancelled at every await: nothing hangs, leaks or gets lost.

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
#include <memory>
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

// ---- bytes through a pipe: what was written was read, or is still in the pipe

struct stream {
    weft::pipe ends;
    std::size_t written = 0;
    std::size_t received = 0;

    static constexpr std::size_t total = 200;
    static std::string text() {
        std::string s;
        for (std::size_t i = 0; i < total; ++i) s += static_cast<char>('!' + i % 90);
        return s;
    }
    /// They come in order, without a gap.
    void receive(const char* bytes, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i, ++received)
            EXPECT_EQ(bytes[i], static_cast<char>('!' + received % 90));
    }
};

task<> produce(proving_ground& g, stream& s) {
    const witness w;
    const std::string text = stream::text();
    while (s.written < text.size()) {
        g.step();
        s.written += co_await s.ends.writer.write_some(std::string_view(text).substr(s.written));
    }
    s.ends.writer.close();
}
task<> consume(proving_ground& g, stream& s) {
    const witness w;
    std::array<char, 16> bytes{};
    for (;;) {
        g.step();
        const std::size_t n = co_await s.ends.reader.read_some(bytes.data(), bytes.size());
        if (n == 0) co_return;
        s.receive(bytes.data(), n);
    }
}
void produce_in_fiber(proving_ground& g, stream& s) {
    const witness w;
    const std::string text = stream::text();
    while (s.written < text.size()) {
        g.step();
        s.written += await(s.ends.writer.write_some(std::string_view(text).substr(s.written)));
    }
    s.ends.writer.close();
}
void consume_in_fiber(proving_ground& g, stream& s) {
    const witness w;
    std::array<char, 16> bytes{};
    for (;;) {
        g.step();
        const std::size_t n = await(s.ends.reader.read_some(bytes.data(), bytes.size()));
        if (n == 0) return;
        s.receive(bytes.data(), n);
    }
}

TEST(cancel_everywhere, producer_and_consumer) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        // Shared with callbacks, which the loop calls when it gets to it.
        const auto shared = std::make_shared<stream>();
        stream& bytes = *shared;
        const auto body = [&](scope& s) {
            auto consumer =
                spawn_in(s, kind, consume, consume_in_fiber, std::ref(g), std::ref(bytes));
            auto producer =
                spawn_in(s, kind, produce, produce_in_fiber, std::ref(g), std::ref(bytes));
            g.inner = consumer;
            // Without a consumer the producer would wait for ever.
            consumer.link([producer](const auto&) { producer.cancel(); });
            // And the other way round.
            producer.link([shared](const auto&) { shared->ends.writer.close(); });
        };
        g.run_root(kind, [&] { return with_scope(body); });
        await(weft::yield_now());
        bytes.ends.writer.close();
        std::array<char, 16> left{};
        for (;;) {
            const std::size_t n = await(bytes.ends.reader.read_some(left.data(), left.size()));
            if (n == 0) break;
            bytes.receive(left.data(), n);
        }
        EXPECT_EQ(bytes.received, bytes.written) << "bytes were lost, or read twice";
        if (!g.hit()) {
            EXPECT_EQ(bytes.received, stream::total);
        }
    });
}

// ---- scopes in scopes, with deadlines

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

task<> tree(proving_ground& g, coroutine_kind kind, int depth) {
    const witness w;
    const auto body = [&](scope& s) -> task<> {
        for (int i = 0; i < 2; ++i)
            g.inner = spawn_in(s, kind, leaf, leaf_in_fiber, std::ref(g), (depth + i) * 1ms);
        if (depth > 0) {
            g.step();
            co_await tree(g, kind, depth - 1);
        }
    };
    g.step();
    try {
        co_await with_timeout(depth * 2ms, [&body] { return with_scope(std::ref(body)); });
    } catch (const timed_out&) {}
    g.step();
    co_await weft::yield_now();
}
void tree_in_fiber(proving_ground& g, coroutine_kind kind, int depth) {
    const witness w;
    const auto body = [&](scope& s) {
        for (int i = 0; i < 2; ++i)
            g.inner = spawn_in(s, kind, leaf, leaf_in_fiber, std::ref(g), (depth + i) * 1ms);
        if (depth > 0) tree_in_fiber(g, kind, depth - 1);
    };
    g.step();
    try {
        await(with_timeout(depth * 2ms, [&body] { await(with_scope(std::ref(body))); }));
    } catch (const timed_out&) {
        await(weft::yield_now());
    }
}

TEST(cancel_everywhere, nested_scopes_with_deadlines) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        if (kind == coroutine_kind::task)
            g.run_root(kind, [&] { return tree(g, kind, 3); });
        else
            g.run_fiber([&] { tree_in_fiber(g, kind, 3); });
    });
}

// ---- each joins the one before

task<int> join_and_add(proving_ground& g, join_handle<int> before) {
    const witness w;
    g.step();
    int sum = 1;
    if (before) sum += co_await before;
    g.step();
    co_await sleep(1us);
    co_return sum;
}
int join_and_add_in_fiber(proving_ground& g, join_handle<int> before) {
    const witness w;
    g.step();
    int sum = 1;
    if (before) sum += await(before);
    g.step();
    await(sleep(1us));
    return sum;
}

TEST(cancel_everywhere, chain_of_joins) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        int sum = 0;
        bool broken = false;
        const auto body = [&](scope& s) -> task<> {
            join_handle<int> last;
            for (int i = 0; i < 6; ++i) {
                last = spawn_in(s, kind, join_and_add, join_and_add_in_fiber, std::ref(g), last);
                if (i == 2) g.inner = last;
            }
            g.step();
            sum = co_await last;
        };
        const auto all = [&]() -> task<> {
            try {
                co_await with_scope(body);
            } catch (const weft::exception_group&) {
                broken = true;  // who joined the one that was cancelled
            }
        };
        g.run_root(kind, all);
        if (!g.hit()) {
            EXPECT_EQ(sum, 6);
            EXPECT_FALSE(broken);
        }
    });
}

// ---- a fiber awaits a task that awaits a fiber

task<int> down(proving_ground& g, int depth);
int down_in_fiber(proving_ground& g, int depth) {
    const witness w;
    g.step();
    await(weft::yield_now());
    return depth == 0 ? 0 : 1 + await(down(g, depth - 1));
}
task<int> down(proving_ground& g, int depth) {
    const witness w;
    g.step();
    co_await sleep(1us);
    if (depth == 0) co_return 0;
    int n = 0;
    const auto body = [&](scope& s) -> task<> {
        auto h = s.spawn(down_in_fiber, std::ref(g), depth - 1);
        g.inner = h;
        g.step();
        try {
            n = co_await h;
        } catch (const child_cancelled&) {
            n = -1;
        }
    };
    co_await with_scope(body);
    co_return n + 1;
}

TEST(cancel_everywhere, fibers_and_tasks_that_await_each_other) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        int n = 0;
        if (kind == coroutine_kind::task)
            g.run_root(kind, [&]() -> task<> { n = co_await down(g, 5); });
        else
            g.run_fiber([&] { n = down_in_fiber(g, 5); });
        if (!g.hit()) {
            EXPECT_EQ(n, 5);
        }
    });
}

// ---- what cannot be given up

/// Of another library.
class foreign_event {
public:
    [[nodiscard]] bool await_ready() const noexcept { return fired_; }
    void await_suspend(std::coroutine_handle<> h) { waiters_.push_back(h); }
    void await_resume() const noexcept {}
    void fire() {
        fired_ = true;
        for (const auto h : std::exchange(waiters_, {})) h.resume();
    }

private:
    std::vector<std::coroutine_handle<>> waiters_;
    bool fired_ = false;
};

task<> wait_for(proving_ground& g, foreign_event& e, int& came) {
    const witness w;
    g.step();
    co_await e;
    ++came;
    g.step();
    co_await weft::yield_now();
}
void wait_for_in_fiber(proving_ground& g, foreign_event& e, int& came) {
    const witness w;
    g.step();
    await(e);
    ++came;
    g.step();
    await(weft::yield_now());
}

TEST(cancel_everywhere, foreign_awaits) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        foreign_event e;
        int came = 0;
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i)
                g.inner = spawn_in(s, kind, wait_for, wait_for_in_fiber, std::ref(g), std::ref(e),
                                   std::ref(came));
            s.spawn([&] {
                const auto fire = [&e] { e.fire(); };
                await(with_cleanup([] { return sleep(2ms); }, fire));
            });
            co_await wait_for(g, e, came);
        };
        g.run_root(kind, [&] { return with_scope(body); });
        if (!g.hit()) {
            EXPECT_EQ(came, 4);
        }
    });
}

// ---- the first one wins, the others are cancelled

task<> race(proving_ground& g, scope& s, int& winners, weft::clock::duration d) {
    const witness w;
    g.step();
    co_await sleep(d);
    if (s.cancelled()) co_return;
    ++winners;
    s.cancel();
}
void race_in_fiber(proving_ground& g, scope& s, int& winners, weft::clock::duration d) {
    const witness w;
    g.step();
    await(sleep(d));
    if (s.cancelled()) return;
    ++winners;
    s.cancel();
}

TEST(cancel_everywhere, races) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        int winners = 0;
        const auto runners = [&](scope& s) {
            for (int i = 0; i < 4; ++i)
                g.inner = spawn_in(s, kind, race, race_in_fiber, std::ref(g), std::ref(s),
                                   std::ref(winners), i * 1ms);
        };
        const auto body = [&](cancel_scope& s) -> task<> {
            for (int i = 0; i < 2; ++i) {
                g.step();
                co_await with_scope(runners);
            }
            s.cancel();
            co_await weft::yield_now();
        };
        g.run_root(kind, [&] { return with_cancel(body); });
        EXPECT_LE(winners, 2);
        if (!g.hit()) {
            EXPECT_EQ(winners, 2);
        }
    });
}

}  // namespace
