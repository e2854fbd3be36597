#include "weft/io/fork_count.hpp"

#include "weft/base/check.hpp"

#include <pthread.h>

namespace weft::detail {

std::atomic<unsigned> forks{0};

unsigned fork_count() noexcept {
    static const bool watched = [] {
        const auto in_child = []() noexcept { forks.fetch_add(1, std::memory_order_relaxed); };
        return ::pthread_atfork(nullptr, nullptr, in_child) == 0;
    }();
    WEFT_CHECK(watched, "no memory to note that a child must not use its parent's loop");
    return fork_count_again();
}

}  // namespace weft::detail
