#pragma once

#include "weft/base/export.hpp"
#include "weft/pipeline/searcher.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace weft {

/// A POSIX extended regular expression, as in `grep -E`: compiled once, matched against one line at
/// a time.
///
/// ```cpp
/// bool is_date(std::string_view text) {
///     static const weft::regex date("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
///     return date.is_in(text);
/// }
/// ```
///
/// A fault in the expression is a `usage_error` that shows the expression and says what is wrong.
/// It is libc's regcomp: letters and classes follow the locale that the program has set
/// (`setlocale`), bytes if it has set none; a NUL byte in the text is a byte like others, but '.'
/// does not match it. Copies share the compiled expression. Thread rule: `is_in` may be called from
/// several threads.
class WEFT_EXPORT regex {
public:
    explicit regex(std::string expression);

    /// The same without regard to case.
    [[nodiscard]] regex ignoring_case() const;
    /// Whether it matches anywhere in the line.
    [[nodiscard]] bool is_in(std::string_view line) const;
    [[nodiscard]] const std::string& expression() const noexcept { return expression_; }
    /// A string that is in every text it matches, for a quick search first; empty if none is known.
    /// Only for an expression that regards case.
    [[nodiscard]] std::string literal() const;

private:
    regex(std::string expression, int flags);

    std::string expression_;
    std::shared_ptr<const void> compiled_;  // a regex_t
};

}  // namespace weft
