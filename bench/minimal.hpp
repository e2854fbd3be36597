#pragma once

#include <coroutine>
#include <cstdlib>
#include <utility>

/// The least that can be called a generator: what a programmer writes by hand when nothing is
/// checked. No state, no errors (an exception ends the program), no delegation, frames from
/// `operator new`.
namespace bench {

/// `while (g.next()) use(g.value());`
template <class T>
class [[nodiscard]] minimal_generator {
public:
    struct promise_type {
        T value;

        minimal_generator get_return_object() noexcept { return minimal_generator(*this); }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        std::suspend_always yield_value(T yielded) noexcept {
            value = std::move(yielded);
            return {};
        }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
    };

    minimal_generator(minimal_generator&& other) noexcept
        : body_(std::exchange(other.body_, nullptr)) {}
    ~minimal_generator() {
        if (body_) body_.destroy();
    }

    bool next() {
        body_.resume();
        return !body_.done();
    }
    [[nodiscard]] T& value() const noexcept { return body_.promise().value; }

private:
    explicit minimal_generator(promise_type& promise) noexcept
        : body_(std::coroutine_handle<promise_type>::from_promise(promise)) {}

    std::coroutine_handle<promise_type> body_;
};

/// The same with `send`: its argument is the value of the `co_yield`.
template <class T, class Send>
class [[nodiscard]] minimal_exchange {
public:
    struct promise_type {
        T value;
        Send sent;

        class awaiter {
        public:
            explicit awaiter(promise_type& promise) noexcept : promise_(promise) {}
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<>) const noexcept {}
            Send await_resume() const noexcept { return promise_.sent; }

        private:
            promise_type& promise_;
        };
        minimal_exchange get_return_object() noexcept { return minimal_exchange(*this); }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        awaiter yield_value(T yielded) noexcept {
            value = std::move(yielded);
            return awaiter(*this);
        }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
    };

    minimal_exchange(minimal_exchange&& other) noexcept
        : body_(std::exchange(other.body_, nullptr)) {}
    ~minimal_exchange() {
        if (body_) body_.destroy();
    }

    bool next() {
        body_.resume();
        return !body_.done();
    }
    bool send(Send item) {
        body_.promise().sent = std::move(item);
        return next();
    }
    [[nodiscard]] T& value() const noexcept { return body_.promise().value; }

private:
    explicit minimal_exchange(promise_type& promise) noexcept
        : body_(std::coroutine_handle<promise_type>::from_promise(promise)) {}

    std::coroutine_handle<promise_type> body_;
};

}  // namespace bench
