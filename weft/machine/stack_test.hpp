#pragma once

#include "weft/machine/stack.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

/// What the tests of stacks share.
namespace weft::testing {

inline std::uintptr_t address_of(const void* place) {
    return reinterpret_cast<std::uintptr_t>(place);
}

inline std::vector<stack> acquire_many(std::size_t n, std::size_t bytes = default_stack_bytes,
                                       std::size_t guard = default_guard_bytes) {
    std::vector<stack> stacks;
    stacks.reserve(n);
    for (std::size_t i = 0; i < n; ++i) stacks.push_back(stack::acquire(bytes, guard));
    return stacks;
}

/// Forces a kind of guard for a test.
class forced_guard {
public:
    explicit forced_guard(stack_guard kind, std::size_t guards_max = default_mprotect_guards_max) {
        detail::force_stack_guard(kind, guards_max);
    }
    forced_guard(const forced_guard&) = delete;
    forced_guard& operator=(const forced_guard&) = delete;
    ~forced_guard() { detail::force_stack_guard({}); }
};

/// Writes to the highest `bytes` bytes, as a coroutine does that is called deeply.
inline void use_deeply(const stack& on, std::size_t bytes) {
    std::memset(static_cast<char*>(on.top()) - bytes, 0x5a, bytes);
}

/// Runs `action` on a stack, by the C library's means: the tests of stacks need no switch of ours.
template <class Action>
void run_on(const stack& on, Action action) {
    static thread_local Action* now = nullptr;
    static thread_local ucontext_t back;
    now = &action;
    ucontext_t there;
    ::getcontext(&there);
    there.uc_stack.ss_sp = on.limit();
    there.uc_stack.ss_size =
        static_cast<std::size_t>(static_cast<char*>(on.top()) - static_cast<char*>(on.limit()));
    there.uc_link = &back;
    ::makecontext(&there, [] { (*now)(); }, 0);
    ::swapcontext(&back, &there);
}

/// Runs `action` in a child process; its exit status, or minus the signal that ended it.
template <class Action>
int in_a_child(Action action) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(action());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Makes the compiler believe that a frame is used as a whole, so that it has its size.
inline void keep_frame(const volatile char* frame) {
    asm volatile("" : : "r"(frame) : "memory");
}

/// Uses about 200 bytes of stack a level.
[[gnu::noinline, gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline int recurse(
    int levels) {
    volatile char frame[128];
    frame[0] = static_cast<char>(levels);
    keep_frame(frame);
    const int below = levels == 0 ? 0 : recurse(levels - 1);
    keep_frame(frame);
    return below + frame[0];
}

/// Has a frame of 40,000 bytes of which only the lowest are touched: it jumps over a guard of a
/// page.
[[gnu::noinline, gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline char large_frame() {
    volatile char frame[40'000];
    frame[0] = 1;
    keep_frame(frame);
    return frame[0];
}

}  // namespace weft::testing
