#pragma once

#include "weft/base/export.hpp"
#include "weft/machine/sanitizer.hpp"

#include <cstddef>

/// What AddressSanitizer, ThreadSanitizer and valgrind are told of stacks and of the switches
/// between them. Without these, each function here does nothing.
///
/// A program is told apart by how the library was built: where that knows no sanitizer there is no
/// `sanitizer_fiber`, and code with one passes by.
#if WEFT_ASAN
extern "C" void __sanitizer_start_switch_fiber(void** fake_stack, const void* limit,
                                               std::size_t bytes);
extern "C" void __sanitizer_finish_switch_fiber(void* fake_stack, const void** limit_left,
                                                std::size_t* bytes_left);
#endif
#if WEFT_TSAN
extern "C" void __tsan_switch_to_fiber(void* fiber, unsigned flags);
#endif

namespace weft::detail {

/// One for each stack, beside its context.
struct sanitizer_fiber {
    const void* limit = nullptr;  ///< its lowest byte
    std::size_t bytes = 0;
    void* fake_stack = nullptr;  ///< ASan's, while the stack is left
    void* tsan = nullptr;
    unsigned valgrind_id = 0;
    bool is_thread = false;  ///< the stack that the thread was started on
};

/// Whether anybody is told: a sanitizer, or valgrind. For the library's own use.
extern const bool hints_are_told;

/// The one of the calling thread's own stack; null where nobody asks.
[[nodiscard]] WEFT_EXPORT sanitizer_fiber* hint_thread_stack();
/// The one of a stack that is about to be entered for the first time.
[[nodiscard]] WEFT_EXPORT sanitizer_fiber* hint_new_stack(void* limit, std::size_t bytes);
/// Nobody is on that stack any more. Null is allowed.
WEFT_EXPORT void hint_stack_unused(sanitizer_fiber* fiber) noexcept;

/// Immediately before the switch. `last`: nobody will come back to `from`.
[[gnu::always_inline]] inline void hint_before_switch([[maybe_unused]] sanitizer_fiber* from,
                                                      [[maybe_unused]] const sanitizer_fiber* to,
                                                      [[maybe_unused]] bool last) noexcept {
#if WEFT_ASAN
    if (from != nullptr && to != nullptr)
        __sanitizer_start_switch_fiber(last ? nullptr : &from->fake_stack, to->limit, to->bytes);
#endif
#if WEFT_TSAN
    if (to != nullptr) __tsan_switch_to_fiber(to->tsan, 0);
#endif
}

/// Immediately after it, on the stack that was entered.
[[gnu::always_inline]] inline void hint_after_switch(
    [[maybe_unused]] const sanitizer_fiber* self) noexcept {
#if WEFT_ASAN
    if (self != nullptr) __sanitizer_finish_switch_fiber(self->fake_stack, nullptr, nullptr);
#endif
}

}  // namespace weft::detail
