// Programs of eventlet and gevent: what coroutines wait for together, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/core/local.hpp"
#include "weft/sync/async_result.hpp"
#include "weft/sync/event.hpp"
#include "weft/sync/semaphore.hpp"
#include "weft/weft.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.3: the setter lets everybody go who waits, and those who come later pass.
task<> set_later(guide& show, event& e) {
    show.print("A: Hey wait for me, I have to do something\n");
    co_await sleep(show.shortened(100ms));
    show.print("Ok, I'm done\n");
    e.set();
}
task<> wait_for(guide& show, event& e) {
    show.print("I'll wait for you\n");
    co_await e.wait();
    show.check(e.is_set(), "nobody woke before it was set");
    show.print("It's about time\n");
}
task<> one_sets_five_wait(guide& show) {
    event e;
    co_await with_scope([&](scope& s) {
        s.spawn(set_later, std::ref(show), std::ref(e));
        for (int i = 0; i < 5; ++i) s.spawn(wait_for, std::ref(show), std::ref(e));
    });
    co_await e.wait();
}

void set_later_in_fiber(guide& show, event& e) {
    show.print("A: Hey wait for me, I have to do something\n");
    await(sleep(show.shortened(100ms)));
    show.print("Ok, I'm done\n");
    e.set();
}
void wait_for_in_fiber(guide& show, event& e) {
    show.print("I'll wait for you\n");
    await(e.wait());
    show.check(e.is_set(), "nobody woke before it was set");
    show.print("It's about time\n");
}
void one_sets_five_wait_in_fibers(guide& show) {
    event e;
    await(with_scope([&](scope& s) {
        s.spawn(set_later_in_fiber, std::ref(show), std::ref(e));
        for (int i = 0; i < 5; ++i) s.spawn(wait_for_in_fiber, std::ref(show), std::ref(e));
    }));
    await(e.wait());
}

void setter_and_waiters(guide& show) {
    play_both(
        show, [](guide& out) { run(one_sets_five_wait(out)); },
        [](guide& out) { run(one_sets_five_wait_in_fibers, std::ref(out)); });
}

// E.4: a value that is sent to whoever waits for it; or an error, which keeps its type.
class out_of_paper : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

task<> expect(guide& show, int n, async_result<std::string>& page) {
    try {
        const std::string& text = co_await page.get();
        show.print("waiter {} got: {}\n", n, text);
    } catch (const out_of_paper& e) {
        show.print("waiter {} is out of paper: {}\n", n, e.what());
    }
}
task<> three_get_each(guide& show) {
    async_result<std::string> greeting;
    async_result<std::string> page;
    co_await with_scope([&](scope& s) {
        for (int i = 1; i <= 3; ++i) s.spawn(expect, std::ref(show), i, std::ref(greeting));
        for (int i = 1; i <= 3; ++i) s.spawn(expect, std::ref(show), i, std::ref(page));
        s.spawn([&]() -> task<> {
            co_await sleep(1ms);
            greeting.set_value("Hello!");
            co_await sleep(1ms);
            page.set_error(out_of_paper("tray 2"));
        });
    });
}

void expect_in_fiber(guide& show, int n, async_result<std::string>& page) {
    try {
        const std::string& text = await(page.get());
        show.print("waiter {} got: {}\n", n, text);
    } catch (const out_of_paper& e) {
        show.print("waiter {} is out of paper: {}\n", n, e.what());
    }
}
void three_get_each_in_fibers(guide& show) {
    async_result<std::string> greeting;
    async_result<std::string> page;
    await(with_scope([&](scope& s) {
        for (int i = 1; i <= 3; ++i)
            s.spawn(expect_in_fiber, std::ref(show), i, std::ref(greeting));
        for (int i = 1; i <= 3; ++i) s.spawn(expect_in_fiber, std::ref(show), i, std::ref(page));
        s.spawn([&] {
            await(sleep(1ms));
            greeting.set_value("Hello!");
            await(sleep(1ms));
            page.set_error(out_of_paper("tray 2"));
        });
    }));
}

void value_for_three(guide& show) {
    play_both(
        show, [](guide& out) { run(three_get_each(out)); },
        [](guide& out) { run(three_get_each_in_fibers, std::ref(out)); });
}

// E.7: at most two inside; a release without an acquire is a mistake, and said to be one.
class room {
public:
    bounded_semaphore at_most{2};
    int most = 0;
    void enter(guide& show, int worker) {
        most = std::max(most, ++inside_);
        show.print("Worker {} acquired semaphore\n", worker);
    }
    void leave(guide& show, int worker) {
        --inside_;
        show.print("Worker {} released semaphore\n", worker);
    }

private:
    int inside_ = 0;
};

task<> by_hand(guide& show, int worker, room& r) {
    co_await r.at_most.acquire();
    r.enter(show, worker);
    co_await sleep(0s);
    r.leave(show, worker);
    r.at_most.release();
}
task<> with_guard(guide& show, int worker, room& r) {
    const auto held = co_await r.at_most.hold();
    r.enter(show, worker);
    co_await sleep(0s);
    r.leave(show, worker);
}
void release_too_many(guide& show, room& r) {
    show.check(r.most == 2, "never more than two were inside");
    try {
        r.at_most.release();
    } catch (const usage_error& e) {
        show.print("{}\n", e.what());
    }
}
task<> two_at_a_time(guide& show) {
    room r;
    co_await with_scope([&](scope& s) {
        for (int i = 0; i < 2; ++i) s.spawn(by_hand, std::ref(show), i, std::ref(r));
        for (int i = 3; i < 6; ++i) s.spawn(with_guard, std::ref(show), i, std::ref(r));
    });
    release_too_many(show, r);
}

void by_hand_in_fiber(guide& show, int worker, room& r) {
    await(r.at_most.acquire());
    r.enter(show, worker);
    await(sleep(0s));
    r.leave(show, worker);
    r.at_most.release();
}
void with_guard_in_fiber(guide& show, int worker, room& r) {
    const auto held = await(r.at_most.hold());
    r.enter(show, worker);
    await(sleep(0s));
    r.leave(show, worker);
}
void two_at_a_time_in_fibers(guide& show) {
    room r;
    await(with_scope([&](scope& s) {
        for (int i = 0; i < 2; ++i) s.spawn(by_hand_in_fiber, std::ref(show), i, std::ref(r));
        for (int i = 3; i < 6; ++i) s.spawn(with_guard_in_fiber, std::ref(show), i, std::ref(r));
    }));
    release_too_many(show, r);
}

void semaphore_of_two(guide& show) {
    play_both(
        show, [](guide& out) { run(two_at_a_time(out)); },
        [](guide& out) { run(two_at_a_time_in_fibers, std::ref(out)); });
}

// E.8: each coroutine has its own value, and begins with that of who spawned it.
local<std::string> stash("nothing");

task<> keep(guide& show, const char* what) {
    show.print("{} begins with {}\n", what, stash.get());
    stash.set(what);
    co_await sleep(0s);
    show.print("{} still has {}\n", what, stash.get());
}
task<> keep_each_their_own(guide& show) {
    co_await with_scope([&](scope& s) {
        s.spawn(keep, std::ref(show), "x");
        stash.set("what was set before");
        s.spawn(keep, std::ref(show), "y");
    });
    show.print("who spawned them has {}\n", stash.get());
}

void keep_in_fiber(guide& show, const char* what) {
    show.print("{} begins with {}\n", what, stash.get());
    stash.set(what);
    await(sleep(0s));
    show.print("{} still has {}\n", what, stash.get());
}
void keep_each_their_own_in_fibers(guide& show) {
    await(with_scope([&](scope& s) {
        s.spawn(keep_in_fiber, std::ref(show), "x");
        stash.set("what was set before");
        s.spawn(keep_in_fiber, std::ref(show), "y");
    }));
    show.print("who spawned them has {}\n", stash.get());
}

void locals(guide& show) {
    play_both(
        show, [](guide& out) { run(keep_each_their_own(out)); },
        [](guide& out) { run(keep_each_their_own_in_fibers, std::ref(out)); });
    show.check(stash.get() == "nothing", "outside of run() nothing was set");
}

}  // namespace

programs waiting_together() {
    return {
        {
            .id = "E.3",
            .title = "event: one sets it, five wait",
            .shows = "All who wait for an event go on when it is set, and none before.",
            .run = setter_and_waiters,
            .expected = "A: Hey wait for me, I have to do something\n"
                        "I'll wait for you\nI'll wait for you\nI'll wait for you\n"
                        "I'll wait for you\nI'll wait for you\n"
                        "Ok, I'm done\n"
                        "It's about time\nIt's about time\nIt's about time\n"
                        "It's about time\nIt's about time\n",
        },
        {
            .id = "E.4",
            .title = "async_result: a value or an error for all who wait",
            .shows = "Each who waits gets the value; an error reaches each with its type.",
            .run = value_for_three,
            .expected = "waiter 1 got: Hello!\nwaiter 2 got: Hello!\nwaiter 3 got: Hello!\n"
                        "waiter 1 is out of paper: tray 2\nwaiter 2 is out of paper: tray 2\n"
                        "waiter 3 is out of paper: tray 2\n",
        },
        {
            .id = "E.7",
            .title = "bounded_semaphore(2)",
            .shows = "At most two are inside at a time; one release too many is an error.",
            .run = semaphore_of_two,
            .expected = "Worker 0 acquired semaphore\nWorker 1 acquired semaphore\n"
                        "Worker 0 released semaphore\nWorker 1 released semaphore\n"
                        "Worker 3 acquired semaphore\nWorker 4 acquired semaphore\n"
                        "Worker 3 released semaphore\nWorker 4 released semaphore\n"
                        "Worker 5 acquired semaphore\nWorker 5 released semaphore\n"
                        "semaphore::release(1): 2 of its 2 permits are there…\n",
        },
        {
            .id = "E.8",
            .title = "local: each coroutine has its own",
            .shows = "A child begins with its parent's values; what it sets is its own.",
            .run = locals,
            .expected = "x begins with nothing\ny begins with what was set before\n"
                        "x still has x\ny still has y\n"
                        "who spawned them has what was set before\n",
        },
    };
}

}  // namespace weft::tour
