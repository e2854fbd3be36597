#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/fiber_record.hpp"
#include "weft/core/foreign.hpp"
#include "weft/core/task.hpp"

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

/// Waiting in a fiber.
namespace weft {
namespace detail {

[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_outside_fiber(const char* attempt);
/// The fiber that calls; a `usage_error` in a task or outside of a loop.
[[nodiscard]] inline fiber_record& this_fiber(const char* attempt) {
    scheduler* const home = the_scheduler;
    control_block* const b = home != nullptr ? home->current() : nullptr;
    if (b != nullptr && b->kind == block_kind::fiber) [[likely]] {
        // While a task runs for the fiber, the leaf is that one.
        auto* const frame = static_cast<fiber_record*>(b->leaf.address());
        if (frame->resume == &fiber_record::resume_frame) [[likely]]
            return *frame;
    }
    refuse_outside_fiber(attempt);
}
/// Runs a nested task for a fiber, on the loop's stack.
WEFT_EXPORT void run_nested(fiber_record& self, task_frame& child);

/// An await in a destructor, while an exception unwinds the stack, is shielded, for the grace time
/// (R10): entered for each of them.
class WEFT_EXPORT unwinding_shield {
public:
    explicit unwinding_shield(control_block& b);

private:
    cancel_node node_;
};

template <class Awaiter>
[[gnu::noinline]] void suspend_native(fiber_record& self, Awaiter& w) {
    scheduler& home = this_scheduler();
    w.suspend_in(home, *home.current());
    home.suspend_fiber(self);
}
/// An awaiter with a way of its own for what is usual: `at_once(b)` says whether `result_at_once()`
/// gives the result, with all that `await_ready` does; `ready_otherwise(b)` is that for the rest.
template <class T>
concept hasty_awaiter = requires(T& w, control_block& b) {
    { w.at_once(b) } -> std::same_as<bool>;
    { w.ready_otherwise(b) } -> std::same_as<bool>;
    w.result_at_once();
};
/// Inlined: what completes at once costs no call.
template <class Awaiter>
[[gnu::always_inline]] inline decltype(auto) await_native(fiber_record& self, Awaiter&& w) {
    if constexpr (hasty_awaiter<std::remove_reference_t<Awaiter>>) {
        if (w.at_once(*self.block)) [[likely]]
            return w.result_at_once();
        if (!w.ready_otherwise(*self.block)) suspend_native(self, w);
    } else if (!w.await_ready()) {
        suspend_native(self, w);
    }
    return w.await_resume();
}

template <class Awaitable>
[[gnu::always_inline]] inline decltype(auto) await_in(fiber_record& self, Awaitable&& x) {
    using type = std::remove_cvref_t<Awaitable>;
    if constexpr (is_task<type>) {
        static_assert(!std::is_lvalue_reference_v<Awaitable>,
                      "a task is awaited once: await(std::move(t))");
        using result = typename type::value_type;
        task_promise<result>& child = task_access::release(x);
        if constexpr (std::is_void_v<result>) {
            run_nested(self, child);
        } else {
            task_result<result> value;
            child.result = &value;
            run_nested(self, child);
            return static_cast<result>(static_cast<result&&>(value.get()));
        }
    } else if constexpr (dual_call<Awaitable>) {
        return std::forward<Awaitable>(x).in_fiber();
    } else if constexpr (native_awaiter<Awaitable>) {
        return await_native(self, std::forward<Awaitable>(x));
    } else if constexpr (native_awaitable<Awaitable>) {
        return await_native(self, std::forward<Awaitable>(x).operator co_await());
    } else {
        using foreign = foreign_awaiter<Awaitable&&>;
        foreign w(std::forward<Awaitable>(x));
        if (!w.await_ready())
            this_scheduler().suspend_fiber_and(self, &foreign::start_for_fiber, &w);
        return w.await_resume();
    }
}

template <class Awaitable>
[[gnu::noinline]] decltype(auto) await_unwinding(fiber_record& self, Awaitable&& x) {
    const unwinding_shield shield(*self.block);
    return await_in(self, std::forward<Awaitable>(x));
}

}  // namespace detail

/// What `co_await` is in a task: suspends this fiber until `x` is there, and gives its result or
/// throws its error. Others run meanwhile.
///
/// ```cpp
/// weft::task<int> answer() { co_return 42; }
/// int ask() {  // to be called in a fiber, at any depth
///     weft::await(weft::sleep(std::chrono::milliseconds(1)));
///     return weft::await(answer());
/// }
/// ```
///
/// Also in a generator, a consumer or a greenlet that the fiber drives: it suspends the fiber. In a
/// task, and outside of a loop, it is a `usage_error`.
template <awaitable Awaitable>
[[gnu::always_inline]] inline await_result<Awaitable> await(
    Awaitable&& x, std::source_location at = std::source_location::current()) {
    detail::fiber_record& self = detail::this_fiber("await()");
    self.link.at = detail::place_of(at);
    if (detail::this_scheduler().exceptions().uncaught != 0) [[unlikely]]
        return detail::await_unwinding(self, std::forward<Awaitable>(x));
    return detail::await_in(self, std::forward<Awaitable>(x));
}

}  // namespace weft
