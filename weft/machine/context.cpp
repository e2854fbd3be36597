#include "weft/machine/context.hpp"

#include <cstdint>
#include <cxxabi.h>

// The first thing on a new stack. It has no caller: its return address is undefined, which is how
// unwinders and debuggers know the end, and its frame pointer is null, for those that follow that.
#if defined(__x86_64__)
asm(R"(
    .pushsection .text
    .p2align 4
    .globl weft_context_trampoline
    .hidden weft_context_trampoline
    .type weft_context_trampoline, @function
weft_context_trampoline:
    .cfi_startproc
    .cfi_undefined rip
    endbr64
    popq %rax
    popq %rdi
    call *%rax
    ud2
    .cfi_endproc
    .size weft_context_trampoline, . - weft_context_trampoline
    .popsection
)");
#else
asm(R"(
    .pushsection .text
    .p2align 4
    .globl weft_context_trampoline
    .hidden weft_context_trampoline
    .type weft_context_trampoline, %function
weft_context_trampoline:
    .cfi_startproc
    .cfi_undefined x30
    hint #36
    ldp x1, x0, [sp], #16
    mov x30, xzr
    blr x1
    brk #1
    .cfi_endproc
    .size weft_context_trampoline, . - weft_context_trampoline
    .popsection
)");
#endif
namespace weft {

exception_state& thread_exceptions() noexcept {
    return *reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
}

void adopt_thread(context& self) {
    self = {};
    self.hints = detail::hint_thread_stack();
}

void prepare_context(context& self, void* limit, void* top, void (*entry)(void*), void* argument) {
    detail::sanitizer_fiber* hints = nullptr;
    if (detail::hints_are_told)
        hints = detail::hint_new_stack(
            limit, static_cast<std::size_t>(static_cast<char*>(top) - static_cast<char*>(limit)));
    detail::prepare_place(self, top, entry, argument);
    self.hints = hints;
}

void detail::switch_with_exceptions(context& from, context& to,
                                    exception_state& of_thread) noexcept {
    const exception_state aside = std::exchange(of_thread, {});
    switch_context(from, to, of_thread);
    of_thread = aside;
}

}  // namespace weft
