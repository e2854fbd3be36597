#include "weft/core/stackful.hpp"

#include "weft/base/error.hpp"

#include <condition_variable>
#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

/// The smallest home: a queue, and who drives it.
class queue_home : public weft::stackful_home {
public:
    void post(std::coroutine_handle<> coroutine) noexcept override {
        const std::lock_guard lock(mutex_);
        queue_.push_back(coroutine);
        posted_.notify_one();
    }
    /// Resumes what is posted, waiting for it, until the body has ended.
    void run(weft::stackful& body) {
        body.handle().resume();
        while (!body.done()) next().resume();
    }
    void run_one() { next().resume(); }

private:
    std::coroutine_handle<> next() {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [this] { return !queue_.empty(); });
        const std::coroutine_handle<> first = queue_.front();
        queue_.pop_front();
        return first;
    }

    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::coroutine_handle<>> queue_;
};

template <class Awaitable>
decltype(auto) await(Awaitable&& awaitable) {
    return weft::stackful::current()->await(std::forward<Awaitable>(awaitable));
}

/// Runs a body to its end on a home of its own.
template <class Body>
void run(Body body) {
    queue_home home;
    weft::stackful coroutine(home, [&] { body(); });
    home.run(coroutine);
}

struct ready_at_once {
    explicit ready_at_once(int v) : value(v) {}
    int value;
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const { FAIL() << "it was ready"; }
    [[nodiscard]] int await_resume() const noexcept { return value; }
};

/// Suspends for somebody who keeps the handle.
struct kept {
    kept() {}
    std::coroutine_handle<> waiting;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) noexcept { waiting = h; }
    void await_resume() const noexcept {}
};

struct resumes_inside {
    resumes_inside() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const { h.resume(); }
    [[nodiscard]] std::string await_resume() const { return "resumed inside"; }
};

struct answers {
    explicit answers(bool s) : suspends(s) {}
    bool suspends;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> h) const {
        if (suspends) h.resume();
        return suspends;
    }
    [[nodiscard]] bool await_resume() const noexcept { return suspends; }
};

struct throws_in_suspend {
    throws_in_suspend() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("no room"); }
    void await_resume() const { FAIL() << "it threw"; }
};

struct throws_in_resume {
    throws_in_resume() {}
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const { throw std::runtime_error("bad result"); }
};

struct transfers_back {
    transfers_back() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<Promise> await_suspend(
        std::coroutine_handle<Promise> h) const noexcept {
        static_assert(!std::is_void_v<Promise>, "a handle with a promise");
        return h;
    }
    void await_resume() const noexcept {}
};

struct from_another_thread {
    from_another_thread() {}
    std::thread worker;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
        worker = std::thread([h] { h.resume(); });
    }
    [[nodiscard]] std::thread::id await_resume() {
        const std::thread::id other = worker.get_id();
        worker.join();
        return other;
    }
};

struct looks_at_the_promise {
    looks_at_the_promise() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> h) const {
        EXPECT_EQ(std::coroutine_handle<Promise>::from_promise(h.promise()), h);
        return false;
    }
    void await_resume() const noexcept {}
};

struct by_member {
    ready_at_once operator co_await() const { return ready_at_once(3); }
};
struct by_function {};
ready_at_once operator co_await(by_function) {
    return ready_at_once(4);
}

/// Somebody else's task: lazy, resumes who awaits it by symmetric transfer.
class foreign_task {
public:
    struct promise_type {
        promise_type() {}
        int value = 0;
        std::coroutine_handle<> awaiter;
        foreign_task get_return_object() { return foreign_task(handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct final_awaiter {
            final_awaiter() noexcept {}
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            [[nodiscard]] std::coroutine_handle<> await_suspend(
                std::coroutine_handle<promise_type> h) const noexcept {
                return h.promise().awaiter;
            }
            void await_resume() const noexcept {}
        };
        final_awaiter final_suspend() noexcept { return {}; }
        void return_value(int v) { value = v; }
        void unhandled_exception() { std::terminate(); }
    };
    using handle = std::coroutine_handle<promise_type>;

    explicit foreign_task(handle h) : handle_(h) {}
    foreign_task(foreign_task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    ~foreign_task() {
        if (handle_) handle_.destroy();
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) noexcept {
        handle_.promise().awaiter = h;
        return handle_;
    }
    [[nodiscard]] int await_resume() const noexcept { return handle_.promise().value; }

private:
    handle handle_;
};

foreign_task add(int a, int b) {
    co_return a + b;
}
foreign_task add_three(int a, int b, int c) {
    const int sum = co_await add(a, b);
    co_return sum + c;
}

TEST(stackful, runs_nothing_until_it_is_resumed) {
    queue_home home;
    bool ran = false;
    weft::stackful body(home, [&] { ran = true; });
    EXPECT_FALSE(ran);
    body.handle().resume();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(body.done());
}

TEST(stackful, handle_is_a_coroutine_handle_that_is_never_done) {
    queue_home home;
    weft::stackful body(home, [] {});
    const std::coroutine_handle<> handle = body.handle();
    EXPECT_FALSE(handle.done());
    EXPECT_EQ(std::coroutine_handle<>::from_address(handle.address()), handle);
    handle.resume();
    EXPECT_FALSE(handle.done());
}

TEST(stackful, gives_awaitables_a_handle_whose_promise_is_where_compilers_look_for_it) {
    run([] { await(looks_at_the_promise()); });
}

TEST(stackful, does_not_suspend_for_what_is_ready) {
    int value = 0;
    run([&] { value = await(ready_at_once(7)); });
    EXPECT_EQ(value, 7);
}

TEST(stackful, goes_on_when_the_one_who_has_its_handle_resumes_it) {
    queue_home home;
    kept event;
    std::vector<int> seen;
    weft::stackful body(home, [&] {
        seen.push_back(1);
        await(event);
        seen.push_back(2);
    });
    body.handle().resume();
    EXPECT_EQ(seen, std::vector({1}));
    event.waiting.resume();  // posts it
    EXPECT_EQ(seen, std::vector({1}));
    home.run_one();
    EXPECT_EQ(seen, std::vector({1, 2}));
    EXPECT_TRUE(body.done());
}

TEST(stackful, may_be_resumed_inside_of_await_suspend) {
    std::string result;
    run([&] { result = await(resumes_inside()); });
    EXPECT_EQ(result, "resumed inside");
}

TEST(stackful, goes_on_at_once_when_await_suspend_says_false) {
    bool suspended = true;
    run([&] { suspended = await(answers(false)); });
    EXPECT_FALSE(suspended);
    run([&] { suspended = await(answers(true)); });
    EXPECT_TRUE(suspended);
}

TEST(stackful, raises_what_await_suspend_throws_at_the_await) {
    std::string text;
    run([&] {
        try {
            await(throws_in_suspend());
        } catch (const std::runtime_error& e) {
            text = e.what();
        }
        text += std::to_string(await(ready_at_once(1)));  // and can await again
    });
    EXPECT_EQ(text, "no room1");
}

TEST(stackful, raises_what_await_resume_throws_at_the_await) {
    EXPECT_THROW(run([] { await(throws_in_resume()); }), std::runtime_error);
}

TEST(stackful, goes_on_when_await_suspend_transfers_to_it) {
    int rounds = 0;
    run([&] {
        for (; rounds < 100'000; ++rounds) await(transfers_back());
    });
    EXPECT_EQ(rounds, 100'000);
}

TEST(stackful, transfers_to_another_coroutine_and_gets_its_result) {
    int sum = 0;
    run([&] { sum = await(add_three(1, 2, 3)); });
    EXPECT_EQ(sum, 6);
}

TEST(stackful, comes_home_when_another_thread_resumes_it) {
    for (int i = 0; i < 50; ++i) {
        std::thread::id before;
        std::thread::id after;
        std::thread::id other;
        run([&] {
            before = std::this_thread::get_id();
            other = await(from_another_thread());
            after = std::this_thread::get_id();
        });
        EXPECT_EQ(before, after);
        EXPECT_NE(other, after);
    }
}

TEST(stackful, awaits_what_has_an_operator_co_await) {
    int sum = 0;
    run([&] { sum = await(by_member()) + await(by_function()); });
    EXPECT_EQ(sum, 7);
}

TEST(stackful, gives_references_and_move_only_results_as_they_are) {
    struct reference {
        explicit reference(int& n) : number(n) {}
        int& number;
        [[nodiscard]] bool await_ready() const noexcept { return true; }
        void await_suspend(std::coroutine_handle<>) const noexcept {}
        [[nodiscard]] int& await_resume() const noexcept { return number; }
    };
    struct pointer {
        pointer() {}
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        [[nodiscard]] bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
        [[nodiscard]] std::unique_ptr<int> await_resume() const { return std::make_unique<int>(5); }
    };
    int number = 1;
    run([&] {
        int& same = await(reference(number));
        EXPECT_EQ(&same, &number);
        EXPECT_EQ(*await(pointer()), 5);
    });
}

TEST(stackful, awaits_in_a_catch_block_beside_another_that_does) {
    queue_home home;
    kept first;
    kept second;
    std::vector<std::string> seen;
    const auto body = [&](kept& event, const char* name) {
        try {
            throw std::runtime_error(name);
        } catch (const std::exception& e) {
            await(event);
            seen.emplace_back(e.what());
            EXPECT_EQ(std::uncaught_exceptions(), 0);
        }
    };
    weft::stackful one(home, [&] { body(first, "one"); });
    weft::stackful two(home, [&] { body(second, "two"); });
    one.handle().resume();
    two.handle().resume();
    first.waiting.resume();
    second.waiting.resume();
    home.run_one();
    home.run_one();
    EXPECT_EQ(seen, std::vector<std::string>({"one", "two"}));
}

TEST(stackful, gives_its_error_to_whoever_resumed_it) {
    queue_home home;
    weft::stackful body(home, [] { throw std::out_of_range("lost"); });
    EXPECT_THROW(body.handle().resume(), std::out_of_range);
    EXPECT_TRUE(body.done());
}

TEST(stackful, refuses_to_be_resumed_after_its_end) {
    queue_home home;
    weft::stackful body(home, [] {});
    body.handle().resume();
    EXPECT_THROW(body.handle().resume(), weft::usage_error);
}

TEST(stackful, refuses_to_be_resumed_by_another_body) {
    queue_home home;
    weft::stackful other(home, [] {});
    run([] {});
    weft::stackful body(home, [&] { EXPECT_THROW(other.handle().resume(), weft::usage_error); });
    body.handle().resume();
    EXPECT_FALSE(other.done());
}

TEST(stackful, refuses_to_await_from_outside) {
    queue_home home;
    weft::stackful body(home, [] {});
    EXPECT_EQ(weft::stackful::current(), nullptr);
    EXPECT_THROW(static_cast<void>(body.await(ready_at_once(1))), weft::usage_error);
}

TEST(stackful_death, ends_the_process_when_it_is_destroyed_suspended) {
    const auto destroy_suspended = [] {
        queue_home home;
        kept event;
        weft::stackful body(home, [&] { await(event); });
        body.handle().resume();
    };
    EXPECT_DEATH(destroy_suspended(), "destroyed while it is suspended");
}

}  // namespace
