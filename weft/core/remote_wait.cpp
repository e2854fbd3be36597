#include "weft/core/remote_wait.hpp"

#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/spinner.hpp"

#include <chrono>
#include <string>

namespace weft::detail {
namespace {

/// Threads that wait share what they have learnt of whether it pays to look before sleeping.
spinner& spinner_of_thread() noexcept {
    static thread_local spinner mine{std::chrono::microseconds(50)};
    return mine;
}

}  // namespace

remote_waiter::remote_waiter(const wait_kind& k) noexcept : waiter(k), letter_(*this) {}

remote_waiter::letter::letter(remote_waiter& w) noexcept
    : posted{[](posted& p) noexcept { static_cast<letter&>(p).owner.arrived(); }}, owner(w) {}

void remote_waiter::wake() noexcept {
    if (home_ == nullptr) {
        // The thread may see it and leave at once: the notification only needs the address.
        std::atomic<std::uint32_t>& word = woken_;
        word.store(1, std::memory_order_release);
        word.notify_one();
    } else if (home_->is_here()) {
        arrived();
    } else {
        home_->mail().post(letter_);
    }
}

void remote_waiter::block_thread() noexcept {
    const auto is_woken = [this] { return woken_.load(std::memory_order_acquire) != 0; };
    spinner& looks = spinner_of_thread();
    looks.refill();
    if (looks.until(is_woken)) return;
    while (!is_woken()) woken_.wait(0, std::memory_order_acquire);
}

void remote_list::push_back(remote_waiter& w) noexcept {
    w.linked_ = true;
    w.next_ = nullptr;
    w.prev_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &w;
    last_ = &w;
    ++size_;
}

void remote_list::remove(remote_waiter& w) noexcept {
    (w.prev_ != nullptr ? w.prev_->next_ : first_) = w.next_;
    (w.next_ != nullptr ? w.next_->prev_ : last_) = w.prev_;
    w.linked_ = false;
    --size_;
}

void refuse_to_block_loop(const char* attempt) {
    if (the_scheduler == nullptr) return;
    throw usage_error(std::string(attempt) +
                      ": it would block the loop of this thread, and all its coroutines: await the "
                      "form without 'blocking' in its name");
}

}  // namespace weft::detail
