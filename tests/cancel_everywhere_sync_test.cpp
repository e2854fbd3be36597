// The primitives of weft/sync cancelled at every await: no permit, no item, no notification is
// lost, and nobody waits for one who will not come.

#include "cancel_everywhere_test.hpp"

#include "weft/core/scope.hpp"
#include "weft/sync/async_result.hpp"
#include "weft/sync/barrier.hpp"
#include "weft/sync/condition.hpp"
#include "weft/sync/event.hpp"
#include "weft/sync/mutex.hpp"
#include "weft/sync/recursive_mutex.hpp"
#include "weft/sync/semaphore.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <vector>

namespace {

using weft::await;
using weft::scope;
using weft::task;
using weft::yield_now;
using weft::testing::cancel_everywhere;
using weft::testing::coroutine_kind;
using weft::testing::proving_ground;
using weft::testing::witness;

/// A child that is `as_task(args...)` or `as_fiber(args...)`.
template <class Task, class Fiber, class... Args>
weft::join_handle<void> spawn_in(scope& s, coroutine_kind kind, Task as_task, Fiber as_fiber,
                                 Args... args) {
    if (kind == coroutine_kind::task) return s.spawn(as_task, args...);
    return s.spawn(as_fiber, args...);
}

// ---- locks in locks

struct locks {
    weft::bounded_semaphore permits{3};
    weft::mutex outer;
    weft::recursive_mutex inner;
    int inside = 0;
};

task<> lock_all(proving_ground& g, locks& l, std::size_t n) {
    const witness w;
    g.step();
    auto permit = co_await l.permits.hold(n);
    g.step();
    auto held = co_await l.outer.lock();
    g.step();
    auto once = co_await l.inner.lock();
    g.step();
    auto twice = co_await l.inner.lock();
    EXPECT_EQ(++l.inside, 1);
    once.unlock();
    held.unlock();
    --l.inside;
    g.step();
    co_await yield_now();
    permit.release();
    g.step();
    co_await yield_now();
}
void lock_all_in_fiber(proving_ground& g, locks& l, std::size_t n) {
    const witness w;
    g.step();
    auto permit = await(l.permits.hold(n));
    g.step();
    auto held = await(l.outer.lock());
    g.step();
    auto once = await(l.inner.lock());
    g.step();
    auto twice = await(l.inner.lock());
    EXPECT_EQ(++l.inside, 1);
    once.unlock();
    held.unlock();
    --l.inside;
    g.step();
    await(yield_now());
    permit.release();
    g.step();
    await(yield_now());
}

TEST(cancel_everywhere, locks) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        locks l;
        const auto body = [&](scope& s) {
            for (const std::size_t n : {2u, 3u, 1u, 1u})
                g.inner =
                    spawn_in(s, kind, lock_all, lock_all_in_fiber, std::ref(g), std::ref(l), n);
        };
        g.run_root(kind, [&] { return weft::with_scope(body); });
        EXPECT_FALSE(l.outer.locked());
        EXPECT_FALSE(l.inner.locked());
        EXPECT_EQ(l.permits.available(), 3u) << "a permit was lost";
    });
}

// ---- a bounded buffer

struct buffer {
    static constexpr int total = 6;
    weft::mutex m;
    weft::condition changed;
    std::vector<int> items;
    int produced = 0;
    int consumed = 0;
    bool closed = false;

    [[nodiscard]] bool has_room() const { return items.size() < 2; }
    [[nodiscard]] bool has_news() const { return closed || !items.empty(); }
    void put() {
        items.push_back(produced++);
        changed.notify_one();
    }
    bool take() {
        if (items.empty()) return false;
        items.pop_back();
        ++consumed;
        changed.notify_one();
        return true;
    }
};
/// Whatever ends the producer, the consumers learn it.
class closes {
public:
    explicit closes(buffer& b) : buffer_(b) {}
    closes(const closes&) = delete;
    closes& operator=(const closes&) = delete;
    ~closes() {
        buffer_.closed = true;
        buffer_.changed.notify_all();
    }

private:
    buffer& buffer_;
};

task<> produce(proving_ground& g, buffer& b) {
    const witness w;
    const closes at_end(b);
    while (b.produced < buffer::total) {
        g.step();
        auto held = co_await b.m.lock();
        g.step();
        co_await b.changed.wait(held, [&b] { return b.has_room(); });
        EXPECT_TRUE(b.m.locked());
        b.put();
    }
}
void produce_in_fiber(proving_ground& g, buffer& b) {
    const witness w;
    const closes at_end(b);
    while (b.produced < buffer::total) {
        g.step();
        auto held = await(b.m.lock());
        g.step();
        await(b.changed.wait(held, [&b] { return b.has_room(); }));
        EXPECT_TRUE(b.m.locked());
        b.put();
    }
}
task<> consume(proving_ground& g, buffer& b) {
    const witness w;
    for (bool more = true; more;) {
        g.step();
        auto held = co_await b.m.lock();
        while (!b.has_news()) {
            g.step();
            co_await b.changed.wait(held);
            EXPECT_TRUE(b.m.locked());
        }
        more = b.take();
    }
}
void consume_in_fiber(proving_ground& g, buffer& b) {
    const witness w;
    for (bool more = true; more;) {
        g.step();
        auto held = await(b.m.lock());
        while (!b.has_news()) {
            g.step();
            await(b.changed.wait(held));
            EXPECT_TRUE(b.m.locked());
        }
        more = b.take();
    }
}

TEST(cancel_everywhere, conditions) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        buffer b;
        const auto body = [&](scope& s) {
            for (int i = 0; i < 2; ++i)
                g.inner = spawn_in(s, kind, consume, consume_in_fiber, std::ref(g), std::ref(b));
            spawn_in(s, kind, produce, produce_in_fiber, std::ref(g), std::ref(b));
        };
        g.run_root(kind, [&] { return weft::with_scope(body); });
        EXPECT_FALSE(b.m.locked());
        EXPECT_EQ(static_cast<std::size_t>(b.produced - b.consumed), b.items.size());
        if (!g.hit()) {
            EXPECT_EQ(b.consumed, buffer::total);
        }
        EXPECT_EQ(b.changed.statistics().waiting(), 0u);
    });
}

// ---- a meeting, with a beginning and a result

struct meeting {
    weft::event begun;
    weft::barrier all_here{3};
    weft::async_result<int> result;
    int ended = 0;
    int missing = 0;
};
/// Whoever goes early tells the others.
class attends {
public:
    explicit attends(meeting& m) : meeting_(m) {}
    attends(const attends&) = delete;
    attends& operator=(const attends&) = delete;
    ~attends() {
        if (stayed) return;
        meeting_.all_here.abort();
        if (!meeting_.result.ready()) meeting_.result.set_error(weft::broken_barrier("early"));
    }
    bool stayed = false;

private:
    meeting& meeting_;
};

task<> meet(proving_ground& g, meeting& m) {
    const witness w;
    attends here(m);
    g.step();
    co_await m.begun.wait();
    try {
        g.step();
        const std::size_t place = co_await m.all_here.wait();
        if (place == 2) m.result.set_value(42);
        g.step();
        const int n = co_await m.result;
        EXPECT_EQ(n, 42);
        ++m.ended;
    } catch (const weft::broken_barrier&) {
        ++m.missing;
    }
    here.stayed = true;
}
void meet_in_fiber(proving_ground& g, meeting& m) {
    const witness w;
    attends here(m);
    g.step();
    await(m.begun.wait());
    try {
        g.step();
        const std::size_t place = await(m.all_here.wait());
        if (place == 2) m.result.set_value(42);
        g.step();
        const int n = await(m.result);
        EXPECT_EQ(n, 42);
        ++m.ended;
    } catch (const weft::broken_barrier&) {
        ++m.missing;
    }
    here.stayed = true;
}

TEST(cancel_everywhere, meetings) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        meeting m;
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i)
                g.inner = spawn_in(s, kind, meet, meet_in_fiber, std::ref(g), std::ref(m));
            g.step();
            co_await yield_now();
            m.begun.set();
        };
        g.run_root(kind, [&] { return weft::with_scope(body); });
        if (!g.hit()) {
            EXPECT_EQ(m.ended, 3);
        }
        EXPECT_LE(m.ended + m.missing, 3);
        EXPECT_EQ(m.all_here.waiting(), 0u);
    });
}

}  // namespace
