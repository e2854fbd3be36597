#pragma once

#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

/// The algebra of pipelines: `source | stage | sink`.
///
/// ```cpp
/// void examples(std::vector<int> numbers, weft::consumer<int> sink) {
///     auto even = weft::filter([](int n) { return n % 2 == 0; });
///
///     for (int n : numbers | even | weft::take(3)) std::cout << n << '\n';  // pull: a generator
///     // push: a consumer
///     weft::consumer<int> push = even | weft::take(3) | std::move(sink);
///     std::size_t sent = numbers | push;  // drives it, and closes it
///     std::cout << sent << " numbers\n";
/// }
/// ```
///
/// - A source is any input range: a container, a generator, `lines(path)`, `follow(path)`. An
///   lvalue is borrowed, an rvalue becomes part of the pipeline.
/// - `range | stage` is a generator that pulls lazily. It hands out what the range does: an object
///   behind a reference is the same object, never a copy.
/// - `stage | consumer` is a consumer of the same kind of items. It ends when its target ends, and
///   its `close()` closes the target and throws what that throws.
/// - `stage | stage` is a stage.
/// - `range | consumer` sends every item, until the consumer ends, then closes it and returns how
///   many items were sent.
///
/// A stage of your own is a class derived from `stage_base` with two members, both of which may
/// consume the object: `pull(view) &&` returns a generator, `push(consumer) &&` a consumer.
namespace weft {

/// What every stage derives from.
class stage_base {
protected:
    constexpr stage_base() noexcept = default;
};

template <class S>
concept stage = std::derived_from<std::remove_cvref_t<S>, stage_base>;

/// What a pass-through stage yields for a range: the range's own object where there is one.
template <class Range>
using passed_on =
    std::conditional_t<std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>>,
                       std::ranges::range_reference_t<Range>,
                       std::remove_cvref_t<std::ranges::range_reference_t<Range>>>;

namespace detail {

/// Owns an rvalue, borrows an lvalue; a view that can be copied is copied, as everywhere in
/// std::ranges.
template <std::ranges::input_range Range>
[[nodiscard]] auto hold(Range&& range) {
    using plain = std::remove_cvref_t<Range>;
    if constexpr (!std::is_lvalue_reference_v<Range>) {
        if constexpr (std::ranges::view<plain>)
            return plain(std::forward<Range>(range));
        else
            return std::ranges::owning_view<plain>(std::forward<Range>(range));
    } else if constexpr (std::ranges::view<plain> && std::copy_constructible<plain>) {
        return plain(range);
    } else {
        return std::ranges::ref_view(range);
    }
}

/// The parameter of a callable that has exactly one signature; void otherwise.
template <class Function>
struct only_parameter {
    using type = void;
};
template <class Function>
    requires requires { &Function::operator(); }
struct only_parameter<Function> : only_parameter<decltype(&Function::operator())> {};
template <class Result, class T>
struct only_parameter<Result (*)(T)> : std::type_identity<T> {};
template <class Result, class T>
struct only_parameter<Result (*)(T) noexcept> : std::type_identity<T> {};
template <class Result, class Class, class T>
struct only_parameter<Result (Class::*)(T)> : std::type_identity<T> {};
template <class Result, class Class, class T>
struct only_parameter<Result (Class::*)(T) noexcept> : std::type_identity<T> {};
template <class Result, class Class, class T>
struct only_parameter<Result (Class::*)(T) const> : std::type_identity<T> {};
template <class Result, class Class, class T>
struct only_parameter<Result (Class::*)(T) const noexcept> : std::type_identity<T> {};

/// What is sent to `f`: `Asked` if that was said, else the parameter that `f` declares.
template <class Asked, class Function>
using item_of =
    typename std::conditional_t<std::is_void_v<Asked>, only_parameter<std::decay_t<Function>>,
                                std::type_identity<Asked>>::type;

/// Two stages as one.
template <stage First, stage Second>
class composed_stage : public stage_base {
public:
    composed_stage(First first, Second second)
        : first_(std::move(first)), second_(std::move(second)) {}
    template <class View>
    [[nodiscard]] auto pull(View view) && {
        return std::move(second_).pull(std::move(first_).pull(std::move(view)));
    }
    template <class T>
    [[nodiscard]] auto push(consumer<T> target) && {
        return std::move(first_).push(std::move(second_).push(std::move(target)));
    }

private:
    First first_;
    Second second_;
};

}  // namespace detail

/// Sends the items of a range to a consumer until either ends, and leaves the consumer open.
/// Returns how many were sent. An error of either side is thrown.
template <std::ranges::input_range Range, class T>
std::size_t feed(Range&& range, consumer<T>& target) {
    if (target.state() == generator_state::closed) return 0;
    std::size_t sent = 0;
    for (auto&& item : range) {
        ++sent;
        if (!target.send(std::forward<decltype(item)>(item))) break;
    }
    return sent;
}

template <std::ranges::input_range Range, stage Stage>
    requires(!stage<Range>)
[[nodiscard]] auto operator|(Range&& range, Stage&& next) {
    std::remove_cvref_t<Stage> own(std::forward<Stage>(next));
    return std::move(own).pull(detail::hold(std::forward<Range>(range)));
}

template <stage Stage, class T>
[[nodiscard]] auto operator|(Stage&& first, consumer<T> target) {
    std::remove_cvref_t<Stage> own(std::forward<Stage>(first));
    return std::move(own).push(std::move(target));
}

template <stage First, stage Second>
[[nodiscard]] auto operator|(First&& first, Second&& second) {
    return detail::composed_stage<std::remove_cvref_t<First>, std::remove_cvref_t<Second>>(
        std::forward<First>(first), std::forward<Second>(second));
}

template <std::ranges::input_range Range, class T>
    requires(!stage<Range>)
std::size_t operator|(Range&& range, consumer<T>& target) {
    const std::size_t sent = feed(range, target);
    target.close();
    return sent;
}

template <std::ranges::input_range Range, class T>
    requires(!stage<Range>)
std::size_t operator|(Range&& range, consumer<T>&& target) {
    return std::forward<Range>(range) | target;
}

}  // namespace weft
