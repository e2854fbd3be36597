#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

/// Finds a fixed string in text: built once, used many times, on long and on short texts alike.
///
/// ```cpp
/// std::size_t occurrences(std::string_view text, std::string word) {
///     const weft::searcher search(std::move(word));
///     std::size_t count = 0;
///     for (std::size_t at = 0; (at = search.find(text, at)) != search.npos; ++at) ++count;
///     return count;
/// }
/// ```
///
/// Compares the first and the last byte of the pattern at 16 or 32 places at once (SSE2, AVX2 where
/// the processor has it) and the rest where both fit. In contrast to memmem it prepares nothing for
/// each call, which is what counts for a line. On other processors it is memmem.
///
/// An empty pattern is found everywhere. Without regard to case means ASCII letters, in any locale.
/// Never reads outside of the text. Thread rule: `find` may be called from several threads.
/// Source: W. Muła, "SIMD-friendly algorithms for substring searching".
class WEFT_EXPORT searcher {
public:
    static constexpr std::size_t npos = std::string_view::npos;
    enum class letters : std::uint8_t { exact, any_case };

    explicit searcher(std::string pattern, letters how = letters::exact);

    /// The first occurrence at or after `from`, or `npos`.
    [[nodiscard]] std::size_t find(std::string_view text, std::size_t from = 0) const noexcept {
        if (from > text.size()) return npos;
        const char* const found = find_(*this, text.data() + from, text.data() + text.size());
        return found == nullptr ? npos : static_cast<std::size_t>(found - text.data());
    }
    [[nodiscard]] bool is_in(std::string_view text) const noexcept {
        return find_(*this, text.data(), text.data() + text.size()) != nullptr;
    }
    /// The pattern; in lower case if case is not regarded.
    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

    /// How it may be done, for tests and measurements; `best` is what the processor can do.
    enum class method : std::uint8_t { best, plain, sse2, avx2 };
    /// False when this processor cannot do it.
    bool use(method how) noexcept;

private:
    friend struct search_methods;
    using find_function = const char* (*)(const searcher&, const char*, const char*) noexcept;

    std::string pattern_;
    find_function find_;
    letters how_;
};

}  // namespace weft
