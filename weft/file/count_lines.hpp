#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <string_view>

namespace weft {

/// How many ends of lines there are in a text, counted 16 bytes at a time.
[[nodiscard]] WEFT_EXPORT std::size_t count_newlines(std::string_view text) noexcept;

/// How many lines: a last one without an end counts.
[[nodiscard]] inline std::size_t count_lines(std::string_view text) noexcept {
    return count_newlines(text) + (text.empty() || text.back() == '\n' ? 0 : 1);
}

}  // namespace weft
