#include "weft/core/inbox.hpp"

#include "weft/core/driver.hpp"

#include <thread>

namespace weft::detail {

void inbox::post(posted& p) noexcept {
    posting_.fetch_add(1, std::memory_order_relaxed);
    posted* before = newest_.load(std::memory_order_relaxed);
    do {
        p.next = before;
    } while (!newest_.compare_exchange_weak(before, &p, std::memory_order_release,
                                            std::memory_order_relaxed));
    if (before == nullptr) driver_.wake();
    posting_.fetch_sub(1, std::memory_order_release);
}

posted* inbox::take() noexcept {
    posted* rest = newest_.exchange(nullptr, std::memory_order_acquire);
    posted* oldest = nullptr;
    while (rest != nullptr) {
        posted* const p = rest;
        rest = p->next;
        p->next = oldest;
        oldest = p;
    }
    return oldest;
}

void inbox::close() noexcept {
    while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

}  // namespace weft::detail
