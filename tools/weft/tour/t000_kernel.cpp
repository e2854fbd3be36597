// Article 000, its first paragraph: threads are switched by the kernel, coroutines by themselves.

#include "no_syscalls.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <thread>

namespace weft::tour {
namespace {

constexpr int resumes = 1'000'000;

// Out of line: a compiler may keep the answer of an inlined call across a suspension.
[[gnu::noinline]] std::thread::id current_thread() {
    asm volatile("");
    return std::this_thread::get_id();
}

generator<std::thread::id> where_it_runs() {
    for (;;) co_yield current_thread();
}

// 0.1. The million resumes run in a child that the kernel kills at its first system call. (The
// generator is made before: its frame is memory, which somebody has to ask the kernel for.)
void no_kernel(guide& show) {
    auto g = where_it_runs();
    g.next();
    const kernel_use use = kernel_use_of([&] {
        for (int i = 0; i < resumes; ++i)
            if (*g.next() != current_thread()) return false;
        return true;
    });
    const bool is_known = use != kernel_use::not_known;
    show.print("{} resumes, one thread, {}\n", resumes,
               is_known ? "system calls forbidden" : "system calls cannot be forbidden here");
    show.check(use != kernel_use::failed, "every resume ran on the thread that asked for it");
    show.check(use != kernel_use::some, "no system call was made, or the kernel had killed it");
}

}  // namespace

programs kernel_is_not_asked() {
    return {
        {
            .id = "0.1",
            .title = "control passes only when it is given up",
            .shows =
                "A coroutine is switched by itself: a million times without a word to the kernel.",
            .run = no_kernel,
            .expected = "1000000 resumes, one thread, system calls …\n",
        },
    };
}

}  // namespace weft::tour
