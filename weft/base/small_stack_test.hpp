#pragma once

#include <cstddef>
#include <exception>
#include <pthread.h>
#include <system_error>

/// Runs a test's body on a thread with a small stack, so that what recurses in secret crashes.
namespace weft::testing {

inline constexpr std::size_t small_stack_bytes = std::size_t{256} * 1024;

/// Runs `action` on such a thread to its end; rethrows what it throws.
template <class Action>
void on_small_stack(Action action) {
    struct job {
        Action* action;
        std::exception_ptr error;
    } work{&action, nullptr};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, small_stack_bytes);
    pthread_t thread{};
    const auto body = [](void* argument) -> void* {
        auto& my = *static_cast<job*>(argument);
        try {
            (*my.action)();
        } catch (...) {
            my.error = std::current_exception();
        }
        return nullptr;
    };
    const int failed = pthread_create(&thread, &attributes, body, &work);
    pthread_attr_destroy(&attributes);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), "pthread_create");
    pthread_join(thread, nullptr);
    if (work.error) std::rethrow_exception(work.error);
}

}  // namespace weft::testing
