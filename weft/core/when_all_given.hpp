#pragma once

#include "weft/core/await.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/scoped_call.hpp"
#include "weft/core/when_all_branches.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// What `when_all` and `when_any` are given, and how it becomes the branches of a set.
namespace weft::detail {

template <class T>
inline constexpr bool is_handle = false;
template <class T>
inline constexpr bool is_handle<join_handle<T>> = true;

/// What is no task is awaited by one. It refers to awaiters, which do not move: temporaries live as
/// long as the expression.
template <class R, class X>
task<R> await_given(X x) {
    co_return co_await static_cast<X&&>(x);
}

/// A task or a handle.
template <class Awaitable>
[[nodiscard]] auto given_from(Awaitable&& x) {
    using type = std::remove_cvref_t<Awaitable>;
    if constexpr (is_handle<type>) {
        return type(std::forward<Awaitable>(x));
    } else if constexpr (is_task<type>) {
        static_assert(!std::is_reference_v<Awaitable> || !std::is_lvalue_reference_v<Awaitable>,
                      "a task is awaited once: when_all(std::move(t))");
        return type(std::forward<Awaitable>(x));
    } else {
        using kept = std::conditional_t<std::is_lvalue_reference_v<Awaitable> ||
                                            !std::is_move_constructible_v<Awaitable>,
                                        Awaitable&&, Awaitable>;
        return await_given<await_result<Awaitable>, kept>(static_cast<Awaitable&&>(x));
    }
}
template <class Awaitable>
using given_for = decltype(given_from(std::declval<Awaitable>()));
template <class Given>
using given_result = typename Given::value_type;

template <class Range>
concept range_of_branches =
    !awaitable<Range> && std::ranges::input_range<Range> &&
    (is_task<std::ranges::range_value_t<Range>> || is_handle<std::ranges::range_value_t<Range>>);

/// The branches of a call with a fixed number of them.
template <class... Given>
class branch_tuple {
public:
    explicit branch_tuple(std::tuple<Given...>&) noexcept {}
    /// Begins them, until one has decided. False: it is time to poll, then on with it.
    bool begin(branch_set& set, std::tuple<Given...>& given) {
        begin_each(set, given, std::index_sequence_for<Given...>());
        return true;
    }
    template <class F>
    auto apply(F f) {
        return std::apply(f, branches_);
    }
    [[nodiscard]] bool all_returned() {
        return apply([](const auto&... one) { return (one.returned() && ...); });
    }
    /// REQUIRES: it is one of them.
    [[nodiscard]] std::size_t index_of(const branch& b) {
        return apply([&b](const auto&... one) {
            std::size_t i = 0;
            static_cast<void>(((&one == &b || (++i, false)) || ...));
            return i;
        });
    }

private:
    template <std::size_t... I>
    void begin_each(branch_set& set, std::tuple<Given...>& given, std::index_sequence<I...>) {
        static_cast<void>(
            ((set.decided() || (std::get<I>(branches_).begin(set, std::get<I>(given)), false)) ||
             ...));
    }

    std::tuple<branch_of<Given>...> branches_;
};

/// Those of a range.
template <class Given>
class branch_array {
public:
    explicit branch_array(std::vector<Given>& given)
        : size_(given.size()), branches_(std::make_unique<branch_of<Given>[]>(size_)) {}
    bool begin(branch_set& set, std::vector<Given>& given) {
        for (; begun_ < size_ && !set.decided(); ++begun_) {
            if (set.home().runs_within() && !set.home().ticks_left()) return false;
            branches_[begun_].begin(set, given[begun_]);
        }
        return true;
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] branch_of<Given>* begin() noexcept { return branches_.get(); }
    [[nodiscard]] branch_of<Given>* end() noexcept { return branches_.get() + size_; }
    [[nodiscard]] bool all_returned() noexcept {
        for (const auto& one : *this)
            if (!one.returned()) return false;
        return true;
    }
    [[nodiscard]] std::size_t index_of(const branch& b) noexcept {
        return static_cast<std::size_t>(static_cast<const branch_of<Given>*>(&b) - branches_.get());
    }

private:
    std::size_t size_;
    std::size_t begun_ = 0;
    std::unique_ptr<branch_of<Given>[]> branches_;
};

/// Discards the tasks that were not begun: nobody forgot them.
template <class... Given>
class given_tuple {
public:
    using branches = branch_tuple<Given...>;
    template <class... As>
    explicit given_tuple(std::in_place_t, As&&... as) : all(given_from(std::forward<As>(as))...) {}
    void discard() noexcept {
        std::apply([](auto&... one) { (discard_unbegun(one), ...); }, all);
    }
    std::tuple<Given...> all;
};
template <class Given>
class given_vector {
public:
    using branches = branch_array<Given>;
    template <class Range>
    given_vector(std::in_place_t, Range&& range) {
        if constexpr (std::same_as<Range, std::vector<Given>>) {
            all = std::forward<Range>(range);
        } else {
            if constexpr (std::ranges::sized_range<Range>) all.reserve(std::ranges::size(range));
            for (auto&& one : range) {
                if constexpr (is_handle<Given>) {
                    all.push_back(one);
                } else {
                    static_assert(!std::is_lvalue_reference_v<Range> ||
                                      !std::is_lvalue_reference_v<decltype(*range.begin())>,
                                  "a task is awaited once: when_all(std::move(tasks))");
                    all.push_back(std::move(one));
                }
            }
        }
    }
    void discard() noexcept {
        if constexpr (!is_handle<Given>)
            for (Given& one : all) discard_unbegun(one);
    }
    std::vector<Given> all;
};

template <class Given>
class discards_rest {
public:
    explicit discards_rest(Given& given) noexcept : given_(&given) {}
    discards_rest(const discards_rest&) = delete;
    discards_rest& operator=(const discards_rest&) = delete;
    ~discards_rest() {
        if (given_ != nullptr) given_->discard();
    }
    /// All have begun.
    void forget() noexcept { given_ = nullptr; }

private:
    Given* given_;
};

/// `How` says who decides and what is made of the branches.
template <class How, class Given>
using together_result = decltype(How::finish(std::declval<const branch_set&>(),
                                             std::declval<typename Given::branches&>()));

template <class How, class Given>
task<together_result<How, Given>> run_together(Given given) {
    discards_rest<Given> rest(given);
    co_await checkpoint_awaiter();
    typename Given::branches branches(given.all);
    scheduler& home = this_scheduler();
    branch_set set(home, *home.current(), How::goal, place_of_call());
    for (bool all = false; !all;) {
        try {
            all = branches.begin(set, given.all);
        } catch (...) {
            set.failed_to_begin();
            all = true;
        }
        if (!all) co_await turn_awaiter();
    }
    set.begun();
    if (!set.decided()) rest.forget();
    co_await branches_end_awaiter(set);
    set.leave();
    co_return How::finish(set, branches);
}

/// What `when_all` and `when_any` return: to be awaited where it stands. In a fiber, too, it runs
/// as a task, since the tasks that it begins do not run on a fiber's stack.
template <class How, class Given>
class [[nodiscard("co_await it, or await() it in a fiber")]] together_call {
public:
    explicit together_call(Given given) : given_(std::move(given)) {}

    [[nodiscard]] auto in_task() && { return run_together<How, Given>(std::move(given_)); }
    decltype(auto) in_fiber() && {
        return await_in(this_fiber("await()"), std::move(*this).in_task());
    }
    /// For coroutines of other libraries.
    [[nodiscard]] auto operator co_await() && {
        return run_together<How, Given>(std::move(given_)).operator co_await();
    }

private:
    Given given_;
};

}  // namespace weft::detail
