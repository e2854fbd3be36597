#include "weft/machine/sanitizer_fiber.hpp"

#include <pthread.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define WEFT_VALGRIND 1
#else
#define WEFT_VALGRIND 0
#endif

#if WEFT_ASAN
extern "C" void __asan_unpoison_memory_region(const volatile void* begin, std::size_t bytes);
#endif
#if WEFT_TSAN
extern "C" void* __tsan_get_current_fiber();
extern "C" void* __tsan_create_fiber(unsigned flags);
extern "C" void __tsan_destroy_fiber(void* fiber);
#endif

namespace weft::detail {
namespace {

constexpr bool sanitized = WEFT_ASAN || WEFT_TSAN;

#if WEFT_VALGRIND
bool runs_on_valgrind() {
    return RUNNING_ON_VALGRIND != 0;
}
#else
constexpr bool runs_on_valgrind() {
    return false;
}
#endif

}  // namespace

const bool hints_are_told = sanitized || runs_on_valgrind();

sanitizer_fiber* hint_thread_stack() {
    if (!sanitized) return nullptr;
    auto* const fiber = new sanitizer_fiber;
    fiber->is_thread = true;
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) == 0) {
        void* limit = nullptr;
        if (::pthread_attr_getstack(&attributes, &limit, &fiber->bytes) == 0) fiber->limit = limit;
        ::pthread_attr_destroy(&attributes);
    }
#if WEFT_TSAN
    fiber->tsan = __tsan_get_current_fiber();
#endif
    return fiber;
}

sanitizer_fiber* hint_new_stack([[maybe_unused]] void* limit, [[maybe_unused]] std::size_t bytes) {
    auto* const fiber = new sanitizer_fiber;
    fiber->limit = limit;
    fiber->bytes = bytes;
#if WEFT_ASAN
    // Who was on it last has not returned from its functions.
    __asan_unpoison_memory_region(limit, bytes);
#endif
#if WEFT_TSAN
    fiber->tsan = __tsan_create_fiber(0);
#endif
#if WEFT_VALGRIND
    fiber->valgrind_id = VALGRIND_STACK_REGISTER(limit, static_cast<char*>(limit) + bytes);
#endif
    return fiber;
}

void hint_stack_unused(sanitizer_fiber* fiber) noexcept {
    if (fiber == nullptr) [[likely]]
        return;
    if (!fiber->is_thread) {
#if WEFT_TSAN
        __tsan_destroy_fiber(fiber->tsan);
#endif
#if WEFT_VALGRIND
        VALGRIND_STACK_DEREGISTER(fiber->valgrind_id);
#endif
    }
    delete fiber;
}

}  // namespace weft::detail
