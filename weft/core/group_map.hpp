#pragma once

#include "weft/core/await.hpp"
#include "weft/core/group_items.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/when_all.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// A function over many items at once, in a group or a pool: `map`, `imap`, `imap_unordered`.
namespace weft {
namespace detail {

template <class F, class Range>
using mapped_call = spawned_call<F, std::ranges::range_value_t<Range>>;
/// What the function gives for an item.
template <class F, class Range>
using mapped_result = spawned_result<mapped_call<F, Range>>;
template <class F, class Range>
concept maps_over = std::ranges::input_range<Range> && std::copy_constructible<std::decay_t<F>> &&
                    std::invocable<std::decay_t<F>, std::ranges::range_value_t<Range>>;

template <class T>
[[nodiscard]] T result_of_handle(any_handle&& h) {
    join_handle<T> typed(h.block());
    h.detach();
    return std::move(typed).operator co_await().finish();
}

}  // namespace detail

/// What `imap` and `imap_unordered` return: the results as they come, by `next()`, or in a fiber by
/// `for`.
///
/// The input is read, and items are begun, when the next result is asked for: so that at most a
/// window of them is on its way, and an input without end will do. An error of an item is thrown
/// when its turn has come, and the next one can be asked for after it. Dropping the whole cancels
/// what is on its way. It belongs to one coroutine at a time, and does not outlive its group.
template <class T, class F, std::ranges::view View>
class mapped_items {
public:
    using value_type = detail::in_vector<detail::in_tuple<T>>;

    mapped_items(detail::pool_members& in, detail::group_items::order o, std::size_t window, F fn,
                 View view)
        : members_(in), items_(o, window), fn_(std::move(fn)), view_(std::move(view)) {}
    mapped_items(const mapped_items&) = delete;
    mapped_items& operator=(const mapped_items&) = delete;

    class [[nodiscard("co_await it, or await() it in a fiber")]] next_call {
    public:
        explicit next_call(mapped_items& of) noexcept : of_(of) {}
        [[nodiscard]] task<std::optional<value_type>> in_task() { return next_in_task(of_); }
        std::optional<value_type> in_fiber() { return of_.next_in_fiber(); }
        [[nodiscard]] auto operator co_await() { return in_task().operator co_await(); }

    private:
        mapped_items& of_;
    };
    /// Awaited, gives the next result, or nothing when there is none; throws the item's error.
    [[nodiscard]] next_call next() noexcept { return next_call(*this); }

    /// Items on their way.
    [[nodiscard]] std::size_t outstanding() const noexcept { return items_.outstanding(); }

    /// An input iterator for fibers; its `++` waits.
    class iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = mapped_items::value_type;

        explicit iterator(mapped_items& of) : of_(&of) { ++*this; }
        iterator(iterator&&) noexcept = default;
        iterator& operator=(iterator&&) noexcept = default;
        [[nodiscard]] value_type& operator*() const noexcept {
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
        mapped_items* of_;
        mutable std::optional<value_type> current_;
    };
    [[nodiscard]] iterator begin() { return iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    [[nodiscard]] bool has_input() {
        if (!at_) at_.emplace(std::ranges::begin(view_));
        return *at_ != std::ranges::end(view_);
    }
    void begin_one(detail::pool_members::place&& where) {
        detail::scheduler& home = detail::home_for_spawn();
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): has_input() has begun it
        std::ranges::iterator_t<View>& at = *at_;
        items_.add(std::move(where).fill([&] {
            return detail::spawn_call(home, home.root(), nullptr, F(fn_),
                                      std::ranges::range_value_t<View>(*at));
        }),
                   begun_++);
        ++at;
    }
    /// As many as there are places for. False: there is a place to be waited for.
    [[nodiscard]] bool fill() {
        while (items_.has_room() && has_input()) {
            if (!members_.try_promise()) return items_.outstanding() > 0;
            begin_one(detail::pool_members::place(members_, true));
        }
        return true;
    }
    static std::optional<value_type> give(detail::group_items::taken one) {
        if constexpr (std::is_void_v<T>) {
            detail::result_of_handle<T>(std::move(one.handle));
            return value_type();
        } else {
            return std::optional<value_type>(detail::result_of_handle<T>(std::move(one.handle)));
        }
    }

    static task<std::optional<value_type>> next_in_task(mapped_items& self) {
        const bool filled = self.fill();
        if (!filled) self.begin_one(co_await detail::free_place_awaiter(self.members_));
        if (self.items_.outstanding() == 0) co_return std::nullopt;
        co_return give(co_await detail::group_items::next_awaiter(self.items_));
    }
    std::optional<value_type> next_in_fiber() {
        if (!fill()) begin_one(await(detail::free_place_awaiter(members_)));
        if (items_.outstanding() == 0) return std::nullopt;
        return give(await(detail::group_items::next_awaiter(items_)));
    }

    detail::pool_members& members_;
    detail::group_items items_;
    F fn_;
    View view_;
    std::optional<std::ranges::iterator_t<View>> at_;
    std::size_t begun_ = 0;
};

namespace detail {

template <class T>
using map_result = std::conditional_t<std::is_void_v<T>, void, std::vector<in_vector<T>>>;

template <class T, class F, class Item>
task<map_result<T>> run_map(pool_members& in, F fn, std::vector<Item> input) {
    group_items items(group_items::order::completion, pool_members::unlimited);
    std::vector<std::optional<in_vector<in_tuple<T>>>> results(input.size());
    scheduler& home = this_scheduler();
    std::exception_ptr error;
    std::size_t begun = 0;
    try {
        while (begun < input.size() || items.outstanding() > 0) {
            while (begun < input.size() && !items.has_next()) {
                pool_members::place where = co_await free_place_awaiter(in);
                const bool of_its_own = !where.counted();
                const auto begin = [&] {
                    return spawn_call(home, home.root(), nullptr, F(fn), std::move(input[begun]));
                };
                items.add(std::move(where).fill(begin), begun);
                ++begun;
                if (of_its_own) break;  // one at a time in the place of who maps
            }
            group_items::taken one = co_await group_items::next_awaiter(items);
            if constexpr (std::is_void_v<T>)
                result_of_handle<T>(std::move(one.handle));
            else
                results[one.index].emplace(result_of_handle<T>(std::move(one.handle)));
        }
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        items.cancel();
        co_await group_items::end_awaiter(items);
        std::rethrow_exception(error);
    }
    if constexpr (!std::is_void_v<T>) {
        std::vector<in_vector<T>> all;
        all.reserve(results.size());
        for (auto& one : results)
            all.push_back(std::move(*one));  // NOLINT(bugprone-unchecked-optional-access): all are
        co_return all;
    }
}

template <class T, class F, class Item>
class [[nodiscard("co_await it, or await() it in a fiber")]] map_call {
public:
    map_call(pool_members& in, F fn, std::vector<Item> input)
        : in_(in), fn_(std::move(fn)), input_(std::move(input)) {}
    [[nodiscard]] auto in_task() && {
        return run_map<T, F, Item>(in_, std::move(fn_), std::move(input_));
    }
    decltype(auto) in_fiber() && {
        return await_in(this_fiber("await()"), std::move(*this).in_task());
    }
    [[nodiscard]] auto operator co_await() && {
        return std::move(*this).in_task().operator co_await();
    }

private:
    pool_members& in_;
    F fn_;
    std::vector<Item> input_;
};

template <class F, class Range>
[[nodiscard]] auto make_map(pool_members& in, F&& fn, Range&& range) {
    using item = std::ranges::range_value_t<Range>;
    std::vector<item> input;
    if constexpr (std::ranges::sized_range<Range>) input.reserve(std::ranges::size(range));
    for (auto&& one : range) input.emplace_back(std::forward<decltype(one)>(one));
    return map_call<mapped_result<F, Range>, std::decay_t<F>, item>(in, std::forward<F>(fn),
                                                                    std::move(input));
}
template <class F, class Range>
[[nodiscard]] auto make_imap(pool_members& in, group_items::order o, std::size_t window, F&& fn,
                             Range&& range) {
    using view = std::views::all_t<Range>;
    return mapped_items<mapped_result<F, Range>, std::decay_t<F>, view>(
        in, o, window, std::forward<F>(fn), std::views::all(std::forward<Range>(range)));
}

/// A call that is spawned when there is a place for it.
template <class F, class... Args>
class member_call {
public:
    using result = spawned_result<spawned_call<F, Args...>>;
    member_call(std::source_location at, F fn, Args... args)
        : at_(at), call_(std::move(fn), std::forward<Args>(args)...) {}
    join_handle<result> operator()() {
        scheduler& home = home_for_spawn();
        return std::apply(
            [&](F& fn, Args&... args) {
                return spawn_call(home, home.root(), place_of(at_), std::move(fn),
                                  std::forward<Args>(args)...);
            },
            call_);
    }

private:
    std::source_location at_;
    std::tuple<F, Args...> call_;
};
template <class T>
class member_task {
public:
    member_task(std::source_location at, task<T>&& t) : at_(at), task_(std::move(t)) {}
    join_handle<T> operator()() {
        scheduler& home = home_for_spawn();
        return spawn_task(home, home.root(), std::move(task_), place_of(at_));
    }

private:
    std::source_location at_;
    task<T> task_;
};

template <class Begin, class T>
task<T> apply_in_task(pool_members& in, Begin begin) {
    auto member = co_await member_awaiter<Begin>(in, std::move(begin));
    if constexpr (std::is_void_v<T>) {
        co_await when_all(std::move(member));
    } else {
        auto all = co_await when_all(std::move(member));
        co_return std::get<0>(std::move(all));
    }
}

template <class Begin>
class [[nodiscard("co_await it, or await() it in a fiber")]] apply_call {
    using result = typename std::invoke_result_t<Begin&>::value_type;

public:
    apply_call(pool_members& in, Begin begin) : in_(in), begin_(std::move(begin)) {}
    [[nodiscard]] auto in_task() && { return apply_in_task<Begin, result>(in_, std::move(begin_)); }
    decltype(auto) in_fiber() && {
        return await_in(this_fiber("await()"), std::move(*this).in_task());
    }
    [[nodiscard]] auto operator co_await() && {
        return std::move(*this).in_task().operator co_await();
    }

private:
    pool_members& in_;
    Begin begin_;
};

}  // namespace detail
}  // namespace weft
