#pragma once

#include "weft/base/export.hpp"
#include "weft/core/await.hpp"
#include "weft/core/wait_handles.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

/// Coroutines in the order of their ends: `as_completed`.
namespace weft {
namespace detail {

WEFT_EXPORT extern const wait_kind completed_kind;

/// Knows which of several coroutines have ended, in that order, from its creation on.
class WEFT_EXPORT completion_queue {
public:
    class next_awaiter;

    explicit completion_queue(std::vector<any_handle> handles);
    completion_queue(const completion_queue&) = delete;
    completion_queue& operator=(const completion_queue&) = delete;
    ~completion_queue();

    [[nodiscard]] std::size_t size() const noexcept { return handles_.size(); }
    /// Not given yet.
    [[nodiscard]] std::size_t left() const noexcept { return handles_.size() - given_; }
    [[nodiscard]] bool has_next() const noexcept { return given_ < finished_.size(); }
    /// REQUIRES: has_next(). Its handle is given up.
    [[nodiscard]] any_handle take() noexcept { return std::move(handles_[finished_[given_++]]); }

private:
    struct watcher : join_waiter {
        watcher() noexcept : join_waiter(join_kind) { ended = &note_end; }
        static void note_end(join_waiter& w) noexcept;
        completion_queue* owner = nullptr;
        std::size_t index = 0;
    };

    std::vector<any_handle> handles_;
    std::vector<std::size_t> finished_;
    std::size_t given_ = 0;
    next_awaiter* waiting_ = nullptr;
    std::unique_ptr<watcher[]> watchers_;
};

/// Waits until there is a next one, or none is left.
class WEFT_EXPORT completion_queue::next_awaiter : public awaiter<next_awaiter> {
public:
    explicit next_awaiter(completion_queue& q) noexcept : awaiter(completed_kind), queue_(q) {}
    [[nodiscard]] bool try_now() const;
    void start() noexcept { queue_.waiting_ = this; }
    void give_up() noexcept { queue_.waiting_ = nullptr; }
    [[nodiscard]] any_handle finish() const;

private:
    completion_queue& queue_;
};

}  // namespace detail

/// Gives the handles of coroutines in the order in which they end (`asyncio.as_completed`, gevent's
/// `iwait`): by `next()`, or in a fiber by `for`. Made by `as_completed`.
template <class T>
class completed_handles {
public:
    /// Awaited, gives the next handle; nothing when all have been given.
    class next_awaiter : public detail::completion_queue::next_awaiter {
    public:
        using detail::completion_queue::next_awaiter::next_awaiter;
        std::optional<join_handle<T>> await_resume() {
            const detail::any_handle h = detail::completion_queue::next_awaiter::await_resume();
            if (!h) return std::nullopt;
            return detail::typed<T>(h);
        }
    };
    /// An input iterator; its `++` waits.
    class iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = join_handle<T>;

        explicit iterator(completed_handles& of) : of_(&of) { ++*this; }
        iterator(iterator&&) noexcept = default;
        iterator& operator=(iterator&&) noexcept = default;
        [[nodiscard]] join_handle<T>& operator*() const noexcept {
            return *current_;  // NOLINT(bugprone-unchecked-optional-access): not at the end
        }
        iterator& operator++() {
            current_ = await(of_->next());
            return *this;
        }
        void operator++(int) { ++*this; }
        [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
            return !current_.has_value();
        }

    private:
        completed_handles* of_;
        mutable std::optional<join_handle<T>> current_;
    };

    explicit completed_handles(std::vector<detail::any_handle> handles)
        : queue_(std::move(handles)) {}

    [[nodiscard]] next_awaiter next() noexcept { return next_awaiter(queue_); }
    /// Those that have not been given.
    [[nodiscard]] std::size_t left() const noexcept { return queue_.left(); }
    [[nodiscard]] iterator begin() { return iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    detail::completion_queue queue_;
};

/// ```cpp
/// inline weft::task<int> sum_as_they_come(std::vector<weft::join_handle<int>> all) {
///     int sum = 0;
///     auto ended = weft::as_completed(all);
///     while (auto h = co_await ended.next()) sum += h->value();
///     co_return sum;
/// }
/// inline int sum_in_fiber(const std::vector<weft::join_handle<int>>& all) {
///     int sum = 0;
///     for (const auto& h : weft::as_completed(all)) sum += h.value();
///     return sum;
/// }
/// ```
///
/// Those that have ended already come first, as they stand in the range. One coroutine at a time
/// waits for the next. What is left is not cancelled.
template <detail::range_of_handles Range>
[[nodiscard]] auto as_completed(Range&& handles) {
    return completed_handles<detail::handled_result<Range>>(detail::any_handles(handles));
}

}  // namespace weft
