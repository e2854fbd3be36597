#pragma once

#include "weft/base/export.hpp"
#include "weft/pipeline/across.hpp"
#include "weft/pipeline/crossing_wait.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::detail {

/// A `usage_error` when one of them is 0.
WEFT_EXPORT std::size_t checked_window(std::size_t n, std::size_t window);

/// The threads of a `parallel_map`, without the types.
///
/// Rules:
/// 1. Items are numbered; number i lies in slot i modulo the window. The owner puts and takes, in
///    order; the threads claim, in order, under the mutex, and finish in any order.
/// 2. A slot is the owner's, then its thread's from the claim on, then, once `is_done`, the
///    owner's again.
class WEFT_EXPORT thread_crew {
public:
    thread_crew(const thread_crew&) = delete;
    thread_crew& operator=(const thread_crew&) = delete;

    [[nodiscard]] bool full() const noexcept { return put_ - taken_ == window_; }
    [[nodiscard]] bool empty() const noexcept { return put_ == taken_; }
    /// The oldest one is there.
    [[nodiscard]] bool ready() const noexcept {
        return !empty() && is_done_[taken_ % window_].load(std::memory_order_acquire);
    }

protected:
    explicit thread_crew(std::size_t window)
        : window_(window), is_done_(std::make_unique<std::atomic<bool>[]>(window)) {}
    ~thread_crew() = default;

    void start(std::size_t n, void (*work)(void*), void* self);
    /// Those that have begun are finished.
    void stop() noexcept;

    [[nodiscard]] std::size_t next_slot() const noexcept { return put_ % window_; }
    void put_one() noexcept;
    /// Waits for the oldest, and gives its slot.
    [[nodiscard]] std::size_t take_one();

    // --- a thread
    [[nodiscard]] std::optional<std::size_t> claim() noexcept;
    void done(std::size_t slot) noexcept;

    const std::size_t window_;

private:
    std::unique_ptr<std::atomic<bool>[]> is_done_;
    std::uint64_t put_ = 0;  // written by the owner, under the mutex
    std::uint64_t taken_ = 0;
    std::uint64_t claimed_ = 0;  // under the mutex
    bool ends_ = false;          // under the mutex
    std::mutex mutex_;
    std::condition_variable work_;
    crossing_wait results_;
    std::vector<std::thread> threads_;
};

template <class Item, class Function>
class thread_workers : public thread_crew {
public:
    using result_type = std::remove_cvref_t<std::invoke_result_t<Function&, Item&&>>;
    static_assert(!std::is_void_v<result_type>, "parallel_map(n, f): f returns what is handed on");

    thread_workers(std::size_t n, std::size_t window, Function function)
        : thread_crew(checked_window(n, window)),
          function_(std::move(function)),
          slots_(std::make_unique<slot[]>(window_)) {
        try {
            start(n, [](void* self) { static_cast<thread_workers*>(self)->work(); }, this);
        } catch (...) {
            stop();
            throw;
        }
    }
    thread_workers(const thread_workers&) = delete;
    thread_workers& operator=(const thread_workers&) = delete;
    ~thread_workers() { stop(); }

    template <class T>
    void put(T&& item) {
        slots_[next_slot()].item.emplace(std::forward<T>(item));
        put_one();
    }
    [[nodiscard]] result_type take() {
        slot& s = slots_[take_one()];
        if (s.error) std::rethrow_exception(std::exchange(s.error, nullptr));
        result_type result(std::move(*s.result));
        s.result.reset();
        return result;
    }

private:
    struct slot {
        std::optional<Item> item;
        std::optional<result_type> result;
        std::exception_ptr error;
    };

    void work() noexcept {
        std::optional<Function> own;
        for (std::optional<std::size_t> n = claim(); n; n = claim()) {
            slot& s = slots_[*n];
            try {
                if (!own) own.emplace(function_);
                s.result.emplace(std::invoke(*own, std::move(*s.item)));
            } catch (...) {
                s.error = std::current_exception();
            }
            s.item.reset();
            done(*n);
        }
    }

    const Function function_;
    std::unique_ptr<slot[]> slots_;
};

}  // namespace weft::detail
