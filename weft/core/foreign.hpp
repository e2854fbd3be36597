#pragma once

#include "weft/base/export.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/pseudo_frame.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/waiter.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

/// Awaiting what knows nothing of weft (R5).
namespace weft::detail {

/// The untyped part: what a foreign awaitable is given to resume is a small pseudo frame that
/// brings the coroutine home, from any thread.
///
/// 1. Such an await cannot be given up: a cancellation is raised before it or after it.
/// 2. While it lasts its loop does not call itself deadlocked: somebody else may resume it.
class WEFT_EXPORT foreign_wait : public waiter {
public:
    using handle = std::coroutine_handle<pseudo_frame<foreign_wait>::promise_type>;

    foreign_wait() noexcept;

    /// Any thread, once: the awaitable resumes.
    void resumed_as_coroutine() noexcept;
    [[noreturn]] void destroyed_as_coroutine() noexcept;

protected:
    ~foreign_wait() = default;

    [[nodiscard]] handle trampoline() noexcept { return frame_.handle(); }
    /// False: the coroutine has gone to the ready queue, for its cancellation or its budget.
    [[nodiscard]] bool begin(scheduler& home, control_block& b) noexcept;
    /// It has come to nothing: it goes on at once, or throws.
    void undo() noexcept;
    [[nodiscard]] static bool cancel_pending() noexcept {
        return this_scheduler().current()->has(block_flag::cancel_pending);
    }
    static void raise_if_abandoned();

private:
    struct letter : posted {
        explicit letter(foreign_wait& w) noexcept;
        foreign_wait& owner;
    };
    void arrived() noexcept;

    scheduler* home_ = nullptr;
    letter letter_;
    pseudo_frame<foreign_wait> frame_;
};

/// Awaits `Awaitable`, which is a reference or a value (an awaiter that `operator co_await` gave).
template <class Awaitable>
class foreign_awaiter final : public foreign_wait {
    using inner = decltype(awaiter_of(std::declval<Awaitable>()));

public:
    explicit foreign_awaiter(Awaitable&& a) : inner_(awaiter_of(std::forward<Awaitable>(a))) {}

    [[nodiscard]] bool await_ready() {
        if (cancel_pending() || !inner_.await_ready()) return false;
        return this_scheduler().charge() || !requeues();
    }

    /// From a task. Not inlined: clang, up to 18, may keep something in the frame after another
    /// thread could have resumed it.
    template <class Promise>
    [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) {
        return start(h);
    }
    decltype(auto) await_resume() {
        raise_if_abandoned();
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        return inner_.await_resume();
    }

    /// From a fiber, on the loop's stack, when it has left its own.
    static void start_for_fiber(void* self) {
        auto& w = *static_cast<foreign_awaiter*>(self);
        scheduler& home = this_scheduler();
        control_block& b = *home.current();
        const std::coroutine_handle<> fiber = b.leaf;
        std::coroutine_handle<> next;
        try {
            next = w.start(fiber);
        } catch (...) {
            w.error_ = std::current_exception();
            next = fiber;
        }
        next.resume();
    }

private:
    /// Returns what is to be resumed now.
    std::coroutine_handle<> start(std::coroutine_handle<> h) {
        scheduler& home = this_scheduler();
        control_block& b = *home.current();
        if (!begin(home, b)) return std::noop_coroutine();
        try {
            return started(h);
        } catch (...) {
            undo();
            throw;
        }
    }
    std::coroutine_handle<> started(std::coroutine_handle<> h) {
        using result = decltype(inner_.await_suspend(trampoline()));
        if constexpr (std::is_void_v<result>) {
            inner_.await_suspend(trampoline());
            return std::noop_coroutine();
        } else if constexpr (std::same_as<result, bool>) {
            if (inner_.await_suspend(trampoline())) return std::noop_coroutine();
        } else {
            const std::coroutine_handle<> next = inner_.await_suspend(trampoline());
            if (next.address() != trampoline().address()) return next;
        }
        undo();
        if (this_scheduler().charge()) [[likely]]
            return h;
        this_scheduler().push(*block);
        return std::noop_coroutine();
    }
    [[nodiscard]] static bool requeues() noexcept {
        this_scheduler().current()->flags |= block_flag::taken;
        return true;
    }

    inner inner_;
    std::exception_ptr error_;
};

}  // namespace weft::detail
