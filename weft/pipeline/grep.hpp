#pragma once

#include "weft/base/export.hpp"
#include "weft/file/line_splitter.hpp"
#include "weft/pipeline/lines.hpp"
#include "weft/pipeline/regex.hpp"
#include "weft/pipeline/searcher.hpp"
#include "weft/pipeline/stages.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace weft {

/// The stage that hands on the lines with a pattern in them: what `grep()` returns.
///
/// ```cpp
/// void errors_in(const std::string& path) {
///     auto errors = weft::grep("error").ignore_case();
///     auto not_tests = weft::grep(weft::regex("^test_[a-z]+:")).invert();
///     weft::lines(path) | errors | not_tests | weft::print_to(1);
/// }
/// ```
///
/// Works on items of any type that converts to `std::string_view`, and hands them on unchanged. A
/// line is searched without its end; an empty pattern is in every line; a pattern with a newline
/// could be in none, and is refused (`usage_error`).
///
/// As the first stage behind `lines()` it searches whole blocks and looks for the ends of only
/// those lines that match: the same lines, several times faster.
///
/// Thread rule: `matches` may be called from several threads.
class WEFT_EXPORT grep_stage : public stage_base {
public:
    explicit grep_stage(std::string pattern);
    explicit grep_stage(regex expression);

    /// Without regard to case: ASCII letters in a fixed string, those of the locale in an
    /// expression.
    grep_stage& ignore_case();
    /// Hands on the lines without the pattern instead.
    grep_stage& invert() noexcept {
        inverted_ = !inverted_;
        return *this;
    }

    /// Whether it hands on this line.
    [[nodiscard]] bool matches(std::string_view line) const { return holds(line) != inverted_; }
    [[nodiscard]] bool operator()(std::string_view line) const { return matches(line); }
    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

    template <class View>
    [[nodiscard]] generator<passed_on<View>> pull(View view) && {
        return detail::pull_passing<passed_on<View>>(std::move(view), std::move(*this));
    }
    /// The fast path.
    [[nodiscard]] generator<std::string_view> pull(line_source source) &&;
    [[nodiscard]] generator<std::string_view> pull(std::ranges::ref_view<line_source> source) &&;
    template <class T>
    [[nodiscard]] consumer<T> push(consumer<T> target) && {
        return detail::push_passing<T>(std::move(*this), std::move(target));
    }

private:
    friend class line_search;

    [[nodiscard]] bool holds(std::string_view line) const {
        return search_.is_in(line) && (!expression_ || expression_->is_in(line));
    }

    std::string pattern_;
    /// The pattern, or a string that is in every match of `expression_`.
    searcher search_;
    std::optional<regex> expression_;
    bool inverted_ = false;
};

/// A stage for a fixed string: `grep("python")`.
[[nodiscard]] inline grep_stage grep(std::string pattern) {
    return grep_stage(std::move(pattern));
}
/// A stage for an extended regular expression: `grep(regex("pyth[aeiou]n"))`.
[[nodiscard]] inline grep_stage grep(regex expression) {
    return grep_stage(std::move(expression));
}

/// The lines of a block that a `grep_stage` hands on, found without splitting the rest.
class WEFT_EXPORT line_search {
public:
    /// `stage` outlives it. REQUIRES: `block` begins with the beginning of a line.
    line_search(const grep_stage& stage, std::string_view block) noexcept
        : stage_(&stage), block_(block) {}
    /// The next line, without its '\n'. False when there is none.
    [[nodiscard]] bool next(std::string_view& line) {
        return stage_->inverted_ ? next_without(line) : next_with(line);
    }

private:
    bool next_with(std::string_view& line);
    bool next_without(std::string_view& line);
    [[nodiscard]] std::string_view line_around(std::size_t place) const noexcept;

    const grep_stage* stage_;
    std::string_view block_;
    std::size_t at_ = 0;  // the beginning of a line, or the end of the block
    /// For `next_without`: the next line that has it, once it is known.
    std::string_view hit_;
    bool hit_known_ = false;
};

}  // namespace weft
