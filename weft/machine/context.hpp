#pragma once

#include "weft/base/export.hpp"
#include "weft/machine/sanitizer_fiber.hpp"

#include <cstddef>
#include <utility>

#if defined(__x86_64__)
#include "weft/machine/context_x86_64.hpp"  // IWYU pragma: export
#elif defined(__aarch64__)
#include "weft/machine/context_aarch64.hpp"  // IWYU pragma: export
#else
#error "weft switches stacks on x86-64 and aarch64 only"
#endif

/// The context switch: leaving one stack and going on where another one was left.
///
/// ```cpp
/// weft::context here;
/// weft::context there;
///
/// void body(void* argument) {
///     weft::context_entered(there);
///     ++*static_cast<int*>(argument);
///     weft::leave_context(there, here);
/// }
///
/// void run_on(void* limit, void* top, int& number) {
///     weft::adopt_thread(here);
///     weft::prepare_context(there, limit, top, body, &number);
///     weft::switch_context(here, there);  // body runs, and comes back
///     weft::forget_context(there);
///     weft::forget_context(here);
/// }
/// ```
///
/// The switch is inline assembly that names every register as clobbered, so the compiler saves
/// around it what is live there, and no more: a nanosecond where a called routine that saves the
/// six of the calling convention takes four.
///
/// 1. What a switch keeps: registers, as the compiler sees to it, and the thread's two words of
///    C++ exception state. So a `catch` block may switch, and `std::uncaught_exceptions()` counts
///    those of the stack it is called on.
/// 2. What it does not: mxcsr and the x87 control word (rounding, exception masks), fpcr on
///    aarch64, the signal mask, `errno`, thread-local variables. Who changes one puts it back
///    first.
/// 3. A context is entered on one thread only, from first to last: compilers keep the addresses of
///    thread-local variables across a switch.
/// 4. Unwinding and backtraces end at the entry. An exception that leaves it calls
///    `std::terminate`.
/// 5. Shadow stacks (CET, GCS) are not switched; a program that enables them cannot use this.
namespace weft {

/// The C++ runtime's state of a thread: what `__cxa_get_globals()` of the Itanium ABI returns.
struct exception_state {
    void* caught = nullptr;     ///< the exceptions that `catch` blocks are handling
    unsigned int uncaught = 0;  ///< thrown and not caught yet

    [[nodiscard]] bool any() const noexcept { return caught != nullptr || uncaught != 0; }
};

/// One of a stack. Only who switches touches it. `left_at` is stale while the stack is in use.
struct context {
    detail::stack_place left_at;
    detail::sanitizer_fiber* hints = nullptr;  ///< owned; see `forget_context`
};

/// The calling thread's, for as long as the thread lives.
[[nodiscard]] WEFT_EXPORT exception_state& thread_exceptions() noexcept;

/// Makes `self` the context of the stack that the thread was started on.
WEFT_EXPORT void adopt_thread(context& self);

/// Prepares a stack so that the first switch to `self` calls `entry(argument)` on it. `entry` calls
/// `context_entered` first and `leave_context` last: it must not return.
///
/// REQUIRES: [limit, top) is writable, `top` aligned to 16, nobody is on that stack.
WEFT_EXPORT void prepare_context(context& self, void* limit, void* top, void (*entry)(void*),
                                 void* argument);

namespace detail {
extern "C" void weft_context_trampoline();

/// `prepare_context` where nobody is told of stacks; for the library's own use.
inline void prepare_place(context& self, void* top, void (*entry)(void*), void* argument) noexcept {
    // A frame of nulls for who looks above the outermost one, then what the trampoline pops.
    auto* slot = static_cast<void**>(top);
    *--slot = nullptr;
    *--slot = nullptr;
    *--slot = argument;
    *--slot = reinterpret_cast<void*>(entry);
    self.left_at = {};
    self.left_at.sp = slot;
    self.left_at.ip = reinterpret_cast<void*>(&weft_context_trampoline);
    self.hints = nullptr;
}
}  // namespace detail

/// Gives back what goes with `self`. REQUIRES: nobody is on its stack.
inline void forget_context(context& self) noexcept {
    if (self.hints != nullptr) [[unlikely]]
        detail::hint_stack_unused(std::exchange(self.hints, nullptr));
}

namespace detail {
WEFT_EXPORT void switch_with_exceptions(context& from, context& to,
                                        exception_state& of_thread) noexcept;
}  // namespace detail

/// What an entry does first.
inline void context_entered(const context& self) noexcept {
    detail::hint_after_switch(self.hints);
}

/// Leaves `from`, the context in use, and goes on in `to`. Returns when somebody switches back.
///
/// The thread has no exceptions at the moment of any switch: a side that has some puts them aside
/// on its own stack. `of_thread` saves a look-up when the caller has it.
[[gnu::always_inline]] inline void switch_context(context& from, context& to,
                                                  exception_state& of_thread) noexcept {
    if (of_thread.any()) [[unlikely]]
        return detail::switch_with_exceptions(from, to, of_thread);
    detail::hint_before_switch(from.hints, to.hints, false);
    detail::switch_place(&from.left_at, &to.left_at);
    detail::hint_after_switch(from.hints);
}
[[gnu::always_inline]] inline void switch_context(context& from, context& to) noexcept {
    switch_context(from, to, thread_exceptions());
}

/// The same for the last time: nobody may switch to `from` again. Its stack may be used anew as
/// soon as somebody else runs.
///
/// REQUIRES: no exception is on its way or being handled.
[[noreturn, gnu::always_inline]] inline void leave_context(context& from, context& to) noexcept {
    detail::hint_before_switch(from.hints, to.hints, true);
    detail::switch_place(&from.left_at, &to.left_at);
    __builtin_unreachable();
}

}  // namespace weft
