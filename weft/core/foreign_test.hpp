#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <gtest/gtest.h>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// What another coroutine library brings: a task, a thread pool, and awaitables of every manner.
/// None of it knows of weft.
namespace other {

/// Lazy; resumes who awaits it by symmetric transfer.
template <class T>
class task {
public:
    struct promise_type {
        promise_type() {}
        std::optional<T> value;
        std::exception_ptr error;
        std::coroutine_handle<> awaiter = std::noop_coroutine();
        task get_return_object() {
            return task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
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
        void return_value(T v) { value = std::move(v); }
        void unhandled_exception() { error = std::current_exception(); }
    };
    using handle = std::coroutine_handle<promise_type>;

    explicit task(handle h) : handle_(h) {}
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    task& operator=(task&&) = delete;
    ~task() {
        if (handle_) handle_.destroy();
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) noexcept {
        handle_.promise().awaiter = h;
        return handle_;
    }
    [[nodiscard]] T await_resume() const {
        if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
        return std::move(*handle_.promise().value);
    }
    /// Runs it here up to its first suspension, detached from any awaiter.
    void start() { handle_.resume(); }
    [[nodiscard]] bool done() const { return handle_.done(); }
    [[nodiscard]] T result() const { return await_resume(); }

private:
    handle handle_;
};

/// Threads that resume what is given to them.
class thread_pool {
public:
    explicit thread_pool(int threads) {
        for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    }
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;
    ~thread_pool() {
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        changed_.notify_all();
        for (auto& t : threads_) t.join();
    }
    void resume(std::coroutine_handle<> h) {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(h);
        }
        changed_.notify_one();
    }

    /// Awaited, goes on wherever the pool resumes.
    struct hop {
        explicit hop(thread_pool& p) : pool(p) {}
        thread_pool& pool;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> h) const { pool.resume(h); }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] hop schedule() { return hop(*this); }

private:
    void work() {
        for (;;) {
            std::coroutine_handle<> next;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return ends_ || !queue_.empty(); });
                if (queue_.empty()) return;
                next = queue_.front();
                queue_.pop_front();
            }
            next.resume();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::coroutine_handle<>> queue_;
    bool ends_ = false;
    std::vector<std::thread> threads_;
};

struct ready_at_once {
    explicit ready_at_once(int v) : value(v) {}
    int value;
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const { FAIL() << "it was ready"; }
    [[nodiscard]] int await_resume() const noexcept { return value; }
};

/// `await_suspend` says whether it suspends; if so, it has resumed before.
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

struct resumes_inside {
    resumes_inside() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const { h.resume(); }
    [[nodiscard]] std::string await_resume() const { return "resumed inside"; }
};

struct throws_in_suspend {
    throws_in_suspend() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("no room"); }
    void await_resume() const { FAIL() << "it threw"; }
};

struct throws_in_resume {
    throws_in_resume() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
    void await_resume() const { throw std::runtime_error("bad result"); }
};

struct transfers_back {
    transfers_back() {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<Promise> await_suspend(
        std::coroutine_handle<Promise> h) const noexcept {
        return h;
    }
    void await_resume() const noexcept {}
};

/// Suspends for somebody who keeps the handle.
struct kept {
    kept() {}
    std::coroutine_handle<> waiting;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) noexcept { waiting = h; }
    void await_resume() const noexcept {}
};

/// Resumed by another thread, and not back from `await_suspend` before that was done.
struct resumed_elsewhere_inside {
    resumed_elsewhere_inside() {}
    std::thread::id* by = nullptr;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const {
        std::thread([h] { h.resume(); }).join();
    }
    void await_resume() const noexcept {}
};

/// Gives a reference, and something that can only be moved, by `operator co_await`.
struct by_member {
    ready_at_once operator co_await() const { return ready_at_once(3); }
};
struct by_function {};
inline ready_at_once operator co_await(by_function) {
    return ready_at_once(4);
}

}  // namespace other
