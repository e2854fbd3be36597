#pragma once

#include "weft/base/export.hpp"
#include "weft/core/stored_result.hpp"
#include "weft/core/task_frame.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

/// The task: a stackless coroutine. Its class comment below is the tutorial.
namespace weft {

template <class T = void>
class task;

namespace detail {

struct task_access;

template <class T>
class task_promise final : public task_frame {
public:
    explicit task_promise(birthplace made = birthplace(__builtin_source_location())) noexcept
        : task_frame(made.at()) {}

    [[nodiscard]] task<T> get_return_object() noexcept { return task<T>(*this); }

    template <class Value = T>
        requires std::convertible_to<Value&&, T>
    void return_value(Value&& value) {
        if (result != nullptr) [[likely]] {
            result->set(std::forward<Value>(value));
            return;
        }
        control_block& b = *this_scheduler().current();
        if (b.handles > 0)
            store_result<T>(b.body, b.flags, static_cast<T>(std::forward<Value>(value)));
    }

    /// Who awaits wants it here; null when it was spawned.
    task_result<T>* result = nullptr;
};

template <>
class task_promise<void> final : public task_frame {
public:
    explicit task_promise(birthplace made = birthplace(__builtin_source_location())) noexcept
        : task_frame(made.at()) {}

    [[nodiscard]] task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
};

}  // namespace detail

/// A stackless coroutine: a computation that can wait.
///
/// ```cpp
/// weft::task<int> slow_square(int n) {
///     co_await weft::sleep(std::chrono::milliseconds(10));
///     co_return n * n;
/// }
/// weft::task<int> sum_of_squares() {
///     const int a = co_await slow_square(3);
///     const int b = co_await slow_square(4);
///     co_return a + b;
/// }
/// ```
///
/// 1. It is lazy: nothing runs until it is awaited, or given to `spawn` or `run`. Each is done once
///    and takes it as an rvalue. One that is destroyed without is reported (unhandled.hpp).
/// 2. What it returns or throws reaches whoever awaits it. `co_await` of a child costs no more than
///    its frame, which comes from a pool (frame_pool.hpp).
/// 3. It runs on its loop's thread, and on the loop's stack. Chains of awaits of any depth do not
///    grow that stack.
/// 4. Reference parameters refer to what the caller keeps alive: awaited at once, that is safe.
///    Give `spawn` the function and the arguments, and it keeps copies.
template <class T>
class [[nodiscard("a task does nothing until it is awaited or spawned")]] task {
public:
    using promise_type = detail::task_promise<T>;
    using value_type = T;

    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            drop();
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    ~task() { drop(); }

    /// It has not been awaited, spawned or moved from.
    [[nodiscard]] explicit operator bool() const noexcept { return frame_ != nullptr; }

    /// For coroutines of other libraries: runs it on this thread's loop, as `spawn` does. Our own
    /// await it directly.
    [[nodiscard]] auto operator co_await() &&;

private:
    friend promise_type;
    friend struct detail::task_access;

    explicit task(promise_type& frame) noexcept : frame_(&frame) {}
    void drop() noexcept {
        if (frame_ != nullptr) [[unlikely]]
            detail::drop_unused_task(*frame_);
    }

    promise_type* frame_;  // null once it has begun
};

namespace detail {

/// What the machinery may do with a task.
struct task_access {
    /// The frame, which whoever begins it takes over. Throws `usage_error` when it has begun.
    template <class T>
    [[nodiscard]] static task_promise<T>& release(task<T>& t) {
        task_promise<T>* const frame = std::exchange(t.frame_, nullptr);
        if (frame == nullptr) [[unlikely]]
            refuse_used_task();
        return *frame;
    }
    /// Destroys one that is not to run, without the report of that.
    template <class T>
    static void discard(task<T>& t) noexcept {
        task_promise<T>* const frame = std::exchange(t.frame_, nullptr);
        if (frame != nullptr) frame->handle().destroy();
    }
};

inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(*this);
}

}  // namespace detail
}  // namespace weft

#include "weft/core/task_await.hpp"  // IWYU pragma: export
