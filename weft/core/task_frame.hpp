#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/place.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/machine/frame_pool.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

/// The untyped part of a task's promise, and how a task begins and ends.
namespace weft::detail {

/// An error leaves a coroutine of `b`: keeps it for whoever awaits that, with the place `at` where
/// it passed. To be called in the handler.
WEFT_EXPORT void note_failure(control_block& b, place at) noexcept;
/// Throws what a nested task of `b` has failed by.
[[noreturn, gnu::cold]] WEFT_EXPORT void rethrow_child(control_block& b);
class task_frame;
/// A task that nobody awaited is destroyed: reports that.
[[gnu::cold]] WEFT_EXPORT void drop_unused_task(task_frame& frame) noexcept;
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_used_task();

/// What `co_await x` awaits in a task; defined in task_await.hpp, which task.hpp includes.
template <class Awaitable>
[[nodiscard]] decltype(auto) awaiter_in_task(Awaitable&& awaitable);

/// Rules:
/// 1. A task is lazy. It begins when it is awaited, and then `awaiter` links it to who does, or
///    when it was spawned, and then there is none.
/// 2. Its frame is its own: `task` gives it up when it begins, and it is freed, with the
///    parameters, when the body has ended, before anybody else runs. A result goes straight to who
///    awaits it.
/// 3. Beginning is a transfer within the budget of the coroutine (scheduler.hpp, 3); beyond it the
///    coroutine goes through the ready queue. At its end it returns to the scheduler, which resumes
///    the awaiter: so the stack does not grow, on any compiler, with the number of awaits, nor
///    beyond the budget with their depth.
/// 4. An error waits in the control block, not in each promise: only one is on its way at a time.
/// 5. `await_link` comes first in every promise, and no promise is aligned beyond 16 bytes.
class WEFT_EXPORT task_frame : public await_link {
public:
    explicit task_frame(place made_at) noexcept { at = made_at; }
    task_frame(const task_frame&) = delete;
    task_frame& operator=(const task_frame&) = delete;

    static void* operator new(std::size_t bytes) { return allocate_sized_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        deallocate_sized_frame(frame, bytes);
    }

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    /// Called when the locals are gone. The frame frees itself, and control returns to the
    /// scheduler.
    [[nodiscard]] std::suspend_never final_suspend() const noexcept {
        scheduler& home = this_scheduler();
        if (awaiter != nullptr) [[likely]] {
            home.current()->leaf = awaiter->handle();
            home.leaf_ended = scheduler::ending::nested;
        } else {
            home.leaf_ended = scheduler::ending::whole;
        }
        return {};
    }
    void unhandled_exception() noexcept { note_failure(*this_scheduler().current(), at); }

    /// What is awaited, as an awaiter; and a note of where.
    template <class Awaitable>
    [[nodiscard]] decltype(auto) await_transform(Awaitable&& awaitable,
                                                 place where = __builtin_source_location()) {
        at = where;
        return awaiter_in_task(std::forward<Awaitable>(awaitable));
    }

    /// Begins this one, awaited by `by`; returns what is to be resumed.
    [[nodiscard]] std::coroutine_handle<> begin(await_link& by) noexcept {
        scheduler& home = this_scheduler();
        control_block& b = *home.current();
        awaiter = &by;
        b.leaf = handle();
        if (home.charge()) [[likely]]
            return b.leaf;
        home.push(b);
        return std::noop_coroutine();
    }
};

/// The result of a task, with who awaits it. No more aligned than a frame may be.
template <class T>
class task_result {
public:
    task_result() noexcept {}
    task_result(const task_result&) = delete;
    task_result& operator=(const task_result&) = delete;
    ~task_result() {
        if constexpr (!std::is_trivially_destructible_v<T>)
            if (set_) get().~T();
    }
    template <class U>
    void set(U&& value) {
        ::new (static_cast<void*>(bytes_)) T(std::forward<U>(value));
        set_ = true;
    }
    [[nodiscard]] T& get() noexcept { return *std::launder(reinterpret_cast<T*>(bytes_)); }

private:
    alignas(T) std::byte bytes_[sizeof(T)];
    bool set_ = false;
};
template <class T>
    requires(alignof(T) > 16)
class task_result<T> {
public:
    template <class U>
    void set(U&& value) {
        value_ = std::make_unique<T>(std::forward<U>(value));
    }
    [[nodiscard]] T& get() noexcept { return *value_; }

private:
    std::unique_ptr<T> value_;
};
template <>
class task_result<void> {};
template <class T>
class task_result<T&> {
public:
    void set(T& value) noexcept { value_ = &value; }
    [[nodiscard]] T& get() noexcept { return *value_; }

private:
    T* value_ = nullptr;
};

}  // namespace weft::detail
