#include "weft/pipeline/parallel_threads.hpp"

#include "weft/base/error.hpp"
#include "weft/pipeline/quiet_thread.hpp"

#include <system_error>

namespace weft::detail {

std::size_t checked_window(std::size_t n, std::size_t window) {
    if (n == 0) throw usage_error("parallel_map(): without a worker: give it at least 1");
    if (window == 0) throw usage_error("parallel_map(): a window of 0 lets nothing through");
    return n * window;
}

void thread_crew::start(std::size_t n, void (*work)(void*), void* self) {
    threads_.reserve(n);
    try {
        for (std::size_t i = 0; i < n; ++i)
            threads_.push_back(start_quiet_thread(work, self, "weft-parallel"));
    } catch (const std::system_error& e) {
        if (threads_.empty())
            throw std::system_error(e.code(), "parallel_map(): starting its first thread");
        // Fewer do it too.
    }
}

void thread_crew::stop() noexcept {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    work_.notify_all();
    for (std::thread& one : threads_) one.join();
    threads_.clear();
}

void thread_crew::put_one() noexcept {
    {
        const std::lock_guard lock(mutex_);
        ++put_;
    }
    work_.notify_one();
}

std::size_t thread_crew::take_one() {
    const std::size_t slot = taken_ % window_;
    results_.until([&] { return is_done_[slot].load(std::memory_order_acquire); });
    is_done_[slot].store(false, std::memory_order_relaxed);
    ++taken_;
    return slot;
}

std::optional<std::size_t> thread_crew::claim() noexcept {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] { return ends_ || claimed_ != put_; });
    if (ends_) return std::nullopt;
    return claimed_++ % window_;
}

void thread_crew::done(std::size_t slot) noexcept {
    is_done_[slot].store(true, std::memory_order_release);
    results_.changed();
}

}  // namespace weft::detail
