#pragma once

#include <coroutine>
#include <exception>
#include <utility>

/// Stackless symmetric coroutines in the fewest lines: what C++20 gives without a stack, for the
/// programs that set it beside greenlets.
namespace weft::tour {

/// A coroutine that hands over to others by `co_await to(other)` and begins suspended.
class [[nodiscard]] symmetric {
public:
    struct promise_type {
        symmetric get_return_object() { return symmetric(*this); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
    };

    symmetric() noexcept = default;
    symmetric(symmetric&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
    symmetric& operator=(symmetric&& other) noexcept {
        std::swap(body_, other.body_);
        return *this;
    }
    ~symmetric() {
        if (body_) body_.destroy();
    }

    [[nodiscard]] std::coroutine_handle<> body() const noexcept { return body_; }

private:
    explicit symmetric(promise_type& promise)
        : body_(std::coroutine_handle<promise_type>::from_promise(promise)) {}

    std::coroutine_handle<> body_;
};

/// Who goes on when the stack of calls is let go: a compiler that does not optimise makes a call of
/// each transfer, so now and then one goes by way of the loop in `run_symmetric`.
struct transfers {
    std::coroutine_handle<> next;
    int until_loop = 1000;
};

/// `co_await to(state, other)`
class to {
public:
    to(transfers& state, const symmetric& other) noexcept : state_(state), other_(other.body()) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
        if (--state_.until_loop > 0) return other_;
        state_.until_loop = 1000;
        state_.next = other_;
        return std::noop_coroutine();
    }
    void await_resume() const noexcept {}

private:
    transfers& state_;
    std::coroutine_handle<> other_;
};

/// Runs `first` and whoever it hands over to, until one of them ends.
inline void run_symmetric(transfers& state, const symmetric& first) {
    state.next = first.body();
    while (state.next) std::exchange(state.next, nullptr).resume();
}

}  // namespace weft::tour
