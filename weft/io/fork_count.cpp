#include "weft/io/fork_count.hpp"

#include "weft/base/check.hpp"

#include <atomic>
#include <pthread.h>

namespace weft::detail {
namespace {

// Written in a child by its only thread, while it is being forked.
std::atomic<unsigned> forks{0};

}  // namespace

unsigned fork_count() noexcept {
    static const bool watched = [] {
        const auto in_child = []() noexcept { forks.fetch_add(1, std::memory_order_relaxed); };
        return ::pthread_atfork(nullptr, nullptr, in_child) == 0;
    }();
    WEFT_CHECK(watched, "no memory to note that a child must not use its parent's loop");
    return forks.load(std::memory_order_relaxed);
}

}  // namespace weft::detail
