#pragma once

#include "weft/base/export.hpp"
#include "weft/core/generator_frame.hpp"
#include "weft/core/task_frame.hpp"
#include "weft/core/waiter.hpp"

#include <coroutine>
#include <cstdint>
#include <exception>
#include <utility>

/// The untyped part of `async_generator`: its promise, and how it is driven.
namespace weft::detail {

/// Rules:
/// 1. It runs as a nested task does, in the control block of whoever drives it: while it runs it is
///    the leaf, its awaits suspend the driver, and a cancellation of the driver is raised in it.
/// 2. A `co_yield` and its end hand back to the driver, by way of the scheduler.
/// 3. It is its holder's. Suspended at a `co_yield` it may be destroyed; while it is driven it may
///    not (R2).
class WEFT_EXPORT async_generator_frame : public task_frame {
public:
    using task_frame::task_frame;

    /// Handed back.
    class yield_awaiter {
    public:
        explicit yield_awaiter(async_generator_frame& of) noexcept : frame_(of) {}
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<>) const noexcept {
            frame_.hand_back(generator_state::suspended);
        }
        void await_resume() const {
            if (frame_.raises_) [[unlikely]]
                std::rethrow_exception(std::exchange(frame_.raises_, nullptr));
        }

    private:
        async_generator_frame& frame_;
    };
    [[nodiscard]] std::suspend_always final_suspend() noexcept {
        hand_back(generator_state::closed);
        return {};
    }
    void return_void() const noexcept {}

    [[nodiscard]] generator_state state() const noexcept { return state_; }
    [[nodiscard]] void* out() const noexcept { return out_; }
    /// Its next `co_yield` to be resumed raises that.
    void raise(std::exception_ptr error) noexcept { raises_ = std::move(error); }
    /// In a task: what is to be resumed.
    [[nodiscard]] std::coroutine_handle<> drive(await_link& by) noexcept {
        state_ = generator_state::running;
        return begin(by);
    }
    /// In a fiber, which leaves its stack then.
    void drive_from_fiber(await_link& by, control_block& b) noexcept {
        state_ = generator_state::running;
        awaiter = &by;
        b.leaf = handle();
    }

protected:
    [[nodiscard]] yield_awaiter yielded_at(void* value, place where) noexcept {
        out_ = value;
        at = where;
        return yield_awaiter(*this);
    }

    void* out_ = nullptr;  ///< the value that is handed out

private:
    void hand_back(generator_state now) noexcept {
        state_ = now;
        scheduler& home = this_scheduler();
        home.current()->leaf = awaiter->handle();
        home.leaf_ended = scheduler::ending::nested;
    }

    std::exception_ptr raises_;
    generator_state state_ = generator_state::created;
};

/// Holds a frame.
class WEFT_EXPORT async_generator_handle {
public:
    async_generator_handle(async_generator_handle&& other) noexcept
        : frame_(std::exchange(other.frame_, nullptr)) {}
    async_generator_handle& operator=(async_generator_handle&& other) noexcept {
        if (this != &other) {
            drop();
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    ~async_generator_handle() { drop(); }

    /// `closed` also when it was moved from.
    [[nodiscard]] generator_state state() const noexcept {
        return frame_ == nullptr ? generator_state::closed : frame_->state();
    }

protected:
    explicit async_generator_handle(async_generator_frame& frame) noexcept : frame_(&frame) {}

private:
    friend class drive_awaiter;
    void drop() noexcept {
        if (frame_ != nullptr) destroy();
    }
    void destroy() noexcept;

    async_generator_frame* frame_;
};

WEFT_EXPORT extern const wait_kind drive_kind;

/// Runs a generator to its next `co_yield`, or to its end.
class WEFT_EXPORT drive_awaiter : public waiter {
public:
    enum class how : std::uint8_t { next, raise, close };

    drive_awaiter(async_generator_handle& of, how mode, std::exception_ptr error = {}) noexcept
        : waiter(drive_kind), generator_(of), error_(std::move(error)), mode_(mode) {}

    /// Throws `already_executing`.
    [[nodiscard]] bool await_ready();
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> by) {
        scheduler& home = this_scheduler();
        if (gives_up(home, *home.current())) return std::noop_coroutine();
        return frame_->drive(by.promise());
    }
    void suspend_in(scheduler& home, control_block& b) noexcept;

protected:
    /// What it came to: the value, null at the end.
    [[nodiscard]] void* resumed();

    async_generator_handle& generator_;
    std::exception_ptr error_;

private:
    [[nodiscard]] bool gives_up(scheduler& home, control_block& b) noexcept;
    void closed(control_block& b);

    async_generator_frame* frame_ = nullptr;  // set when it has something to run
    how mode_;
};

}  // namespace weft::detail
