#pragma once

#include "weft/sync/channel_core.hpp"
#include "weft/sync/channel_slab.hpp"

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {
namespace detail {

/// What a channel holds, last in first out.
template <class T>
class lifo_items {
public:
    static constexpr bool never_fails = std::is_nothrow_move_constructible_v<T>;

    explicit lifo_items(std::size_t capacity) {
        if (capacity == 0) refuse_rendezvous("lifo_channel");
        if (capacity == unbounded) return;
        stack_.reserve(capacity);
        slab_.reserve(capacity);
    }
    void push(T&& item) {
        if (stack_.size() == stack_.capacity())
            stack_.reserve(stack_.size() < 4 ? 8 : 2 * stack_.size());
        stack_.push_back(slab_.add(std::move(item)));
    }
    template <class F>
    void take(F&& move_out) {
        T* const last = stack_.back();
        move_out(*last);
        stack_.pop_back();
        slab_.remove(last);
    }
    [[nodiscard]] bool push_at_once(T&) const noexcept { return false; }
    [[nodiscard]] bool take_at_once(std::optional<T>&) const noexcept { return false; }

private:
    std::vector<T*> stack_;
    channel_slab<T> slab_;
};

}  // namespace detail

/// A channel that gives what was sent last. In all else as a `channel` (channel.hpp).
///
/// ```cpp
/// weft::task<> newest_first(weft::lifo_channel<int>& numbers) {
///     for (int i = 0; i < 3; ++i) co_await numbers.send(i);
///     while (auto n = numbers.try_receive()) std::cout << *n << ' ';  // 2 1 0
/// }
/// ```
///
/// Who waits for an item gets what is sent, at once, and those who wait are served in the order of
/// their waiting: the order of the items is that of those that are in the channel.
template <class T>
class lifo_channel : public detail::basic_channel<T, detail::lifo_items<T>> {
public:
    /// Throws `usage_error` for a capacity of 0, and `std::bad_alloc` when there is no room for
    /// `capacity` items.
    explicit lifo_channel(std::size_t capacity = unbounded)
        : detail::basic_channel<T, detail::lifo_items<T>>(capacity) {}
};

}  // namespace weft
