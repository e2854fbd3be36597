#pragma once

#include "weft/core/await.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/task.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <type_traits>
#include <utility>

/// What tests share that say the same of tasks and of fibers.
namespace weft::testing {

enum class coroutine_kind { task, fiber };

template <class Make>
using made_by = await_result<std::invoke_result_t<Make&>>;

template <class Make>
task<made_by<Make>> await_as_task(Make make) {
    if constexpr (std::is_void_v<made_by<Make>>)
        co_await make();
    else
        co_return co_await make();
}

/// Begins a coroutine of that kind, which awaits what `make()` gives. It is kept meanwhile.
template <class Make>
[[nodiscard]] join_handle<made_by<Make>> spawn_as(coroutine_kind kind, Make make) {
    if (kind == coroutine_kind::task) return spawn(await_as_task<Make>(std::move(make)));
    return spawn([](Make kept) -> made_by<Make> { return await(kept()); }, std::move(make));
}
/// The same, and waits for its end: for its result, or its error.
template <class Make>
made_by<Make> get_as(coroutine_kind kind, Make make) {
    return await(spawn_as(kind, std::move(make)));
}

/// The same of a task, awaited by a coroutine of that kind: one for each type of result, where a
/// callable for each call would take the compiler long.
template <class T>
T get_as(coroutine_kind kind, task<T> one) {
    if (kind == coroutine_kind::task) return await(spawn(std::move(one)));
    return await(spawn([](task<T> kept) -> T { return await(std::move(kept)); }, std::move(one)));
}

/// Runs `fn(kind)` for both kinds, on every loop, in a fiber.
template <class F>
void in_both_kinds(F fn) {
    on_every_loop([&fn] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            SCOPED_TRACE(kind == coroutine_kind::task ? "as a task" : "as a fiber");
            fn(kind);
        }
    });
}

/// Lets others run until one of them is suspended, waiting for something.
inline void until_it_waits(const detail::any_handle& h) {
    while (h.block().wait == nullptr && !h.ready()) await(yield_now());
}
/// Lets others run until `is()`. In a simulated world time stands still meanwhile: for what needs
/// time, sleep.
template <class Is>
void until(Is is) {
    while (!is()) await(yield_now());
}

/// Awaits for ever, or until it is cancelled.
[[nodiscard]] inline auto for_ever() noexcept {
    return sleep_until(clock::never);
}

}  // namespace weft::testing
