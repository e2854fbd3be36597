#pragma once

#include "weft/sync/channel_core.hpp"
#include "weft/sync/channel_slab.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace weft {
namespace detail {

/// What a channel holds, least first; equals in the order of their coming. A binary heap of
/// pointers: all comparisons of a step are made before anything is changed, so that one that throws
/// changes nothing.
template <class T, class Less>
class priority_items {
public:
    static constexpr bool never_fails = false;

    priority_items(std::size_t capacity, Less less) : less_(std::move(less)) {
        if (capacity == 0) refuse_rendezvous("priority_channel");
        if (capacity == unbounded) return;
        heap_.reserve(capacity);
        slab_.reserve(capacity);
    }
    void push(T&& item) {
        if (heap_.size() == heap_.capacity())
            heap_.reserve(heap_.size() < 4 ? 8 : 2 * heap_.size());
        std::size_t to = heap_.size();
        while (to > 0 && less_(std::as_const(item), std::as_const(*heap_[parent(to)].item)))
            to = parent(to);
        const entry added(slab_.add(std::move(item)), next_++);
        heap_.push_back(added);
        for (std::size_t i = heap_.size() - 1; i > to; i = parent(i)) heap_[i] = heap_[parent(i)];
        heap_[to] = added;
    }
    template <class F>
    void take(F&& move_out) {
        const entry last = heap_.back();
        const std::size_t to = slot_for(last);
        T* const first = heap_.front().item;
        move_out(*first);
        // What is on the way from the top to that place moves up.
        entry up = last;
        for (std::size_t i = to;; i = parent(i)) {
            std::swap(heap_[i], up);
            if (i == 0) break;
        }
        heap_.pop_back();
        slab_.remove(first);
    }
    [[nodiscard]] bool push_at_once(T&) const noexcept { return false; }
    [[nodiscard]] bool take_at_once(std::optional<T>&) const noexcept { return false; }

private:
    class entry {
    public:
        entry(T* i, std::uint64_t o) noexcept : item(i), order(o) {}
        T* item;
        std::uint64_t order;
    };
    [[nodiscard]] static std::size_t parent(std::size_t i) noexcept { return (i - 1) / 2; }
    [[nodiscard]] bool before(const entry& a, const entry& b) const {
        const T& x = *a.item;
        const T& y = *b.item;
        if (less_(x, y)) return true;
        return a.order < b.order && !less_(y, x);
    }
    /// Where the last one belongs once the first is gone.
    [[nodiscard]] std::size_t slot_for(const entry& last) const {
        const std::size_t left = heap_.size() - 1;
        std::size_t to = 0;
        for (std::size_t child = 1; child < left; child = 2 * to + 1) {
            if (child + 1 < left && before(heap_[child + 1], heap_[child])) ++child;
            if (before(last, heap_[child])) break;
            to = child;
        }
        return to;
    }

    std::vector<entry> heap_;
    channel_slab<T> slab_;
    std::uint64_t next_ = 0;
    [[no_unique_address]] Less less_;
};

}  // namespace detail

/// A channel that gives the least item first, by `Less`; equal ones in the order of their sending.
/// In all else as a `channel` (channel.hpp).
///
/// ```cpp
/// weft::task<> urgent_first(weft::priority_channel<std::pair<int, std::string>>& jobs) {
///     co_await jobs.send(std::pair(2, std::string("tidy up")));
///     co_await jobs.send(std::pair(1, std::string("put the fire out")));
///     auto first = co_await jobs.receive();
///     std::cout << first->second << '\n';  // put the fire out
/// }
/// ```
///
/// Who waits for an item gets what is sent, at once, and those who wait are served in the order of
/// their waiting: the order of the items is that of those that are in the channel. A comparison
/// that throws fails the send or the receive that made it, and changes nothing.
template <class T, class Less = std::less<T>>
class priority_channel : public detail::basic_channel<T, detail::priority_items<T, Less>> {
public:
    /// Throws `usage_error` for a capacity of 0, and `std::bad_alloc` when there is no room for
    /// `capacity` items.
    explicit priority_channel(std::size_t capacity = unbounded, Less less = Less())
        : detail::basic_channel<T, detail::priority_items<T, Less>>(capacity, std::move(less)) {}
};

}  // namespace weft
