#pragma once

#include "weft/core/await.hpp"

#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

/// A range-for over what is waited for.
namespace weft {
namespace detail {

template <class Source>
[[nodiscard]] decltype(auto) next_of(Source& source) {
    if constexpr (requires { source.next(); })
        return source.next();
    else
        return source.receive();
}

/// What `each` gives. It lies on the stack of a fiber, and is gone through once.
template <class Source>
class each_range {
    using item = await_result<decltype(next_of(std::declval<Source&>()))>;

public:
    class iterator {
    public:
        using value_type = std::remove_cvref_t<decltype(*std::declval<item&>())>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        explicit iterator(each_range& of) noexcept : of_(&of) {}
        [[nodiscard]] auto& operator*() const noexcept { return **of_->item_; }
        iterator& operator++() {
            of_->advance();
            return *this;
        }
        void operator++(int) { of_->advance(); }
        [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
            return !of_->item_->has_value();
        }

    private:
        each_range* of_;
    };

    explicit each_range(Source&& source) : source_(std::forward<Source>(source)) {}
    [[nodiscard]] iterator begin() {
        advance();
        return iterator(*this);
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    void advance() {
        item_.reset();
        item_.emplace(await(next_of(source_)));
    }

    Source source_;  // a reference, or what was given as a temporary
    std::optional<item> item_;
};

}  // namespace detail

/// In a fiber, what `source` gives, to its end, as a range: the values of an `async_generator`, the
/// items of a channel until it is closed. Each step waits; what `next()` or `receive()` throws, the
/// loop throws.
///
/// ```cpp
/// weft::async_generator<std::string> words();
/// void print() {  // to be called in a fiber
///     for (auto& word : weft::each(words())) std::cout << word << '\n';
/// }
/// ```
///
/// A task writes `while (auto word = co_await source.next())`.
template <class Source>
[[nodiscard]] detail::each_range<Source> each(Source&& source) {
    return detail::each_range<Source>(std::forward<Source>(source));
}

}  // namespace weft
