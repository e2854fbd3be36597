#include "weft/core/inbox.hpp"

#include "weft/base/check.hpp"
#include "weft/core/driver.hpp"

#include <thread>

namespace weft::detail {

bool inbox::enter() noexcept {
    if ((posting_.fetch_add(1, std::memory_order_acquire) & closed_bit) == 0) return true;
    leave();
    return false;
}

bool inbox::post(posted& p) noexcept {
    if (!enter()) return false;
    posted* before = newest_.load(std::memory_order_relaxed);
    do {
        p.next = before;
    } while (!newest_.compare_exchange_weak(before, &p, std::memory_order_release,
                                            std::memory_order_relaxed));
    if (before == nullptr) driver_.wake();
    leave();
    return true;
}

void inbox::let_go() noexcept {
    if (!enter()) {
        holders_.fetch_sub(1, std::memory_order_release);
        return;
    }
    // The loop may have gone to sleep because of this one.
    if (holders_.fetch_sub(1, std::memory_order_release) == 1) driver_.wake();
    leave();
}

void inbox::wake() noexcept {
    if (!enter()) return;
    driver_.wake();
    leave();
}

posted* inbox::take() noexcept {
    // Released too: who finds it `settled` by this knows that the loop is not idle.
    posted* rest = newest_.exchange(nullptr, std::memory_order_acq_rel);
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
    posting_.fetch_or(closed_bit, std::memory_order_acq_rel);
    while (posting_.load(std::memory_order_acquire) != closed_bit) std::this_thread::yield();
    for (posted* p = take(); p != nullptr;) {
        posted* const next = p->next;
        WEFT_CHECK(p->dropped != nullptr, "a loop is closed while a coroutine of it is woken");
        p->dropped(*p);
        p = next;
    }
}

}  // namespace weft::detail
