#include "compare.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace weft::tour {
namespace {

using lines = std::vector<std::string_view>;

constexpr std::string_view any_text = "…";
constexpr std::string_view any_lines = "⋮";

lines split(std::string_view text) {
    lines all;
    while (!text.empty()) {
        const auto end = text.find('\n');
        all.push_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return all;
}

bool line_matches(std::string_view expected, std::string_view printed) {
    const auto wildcard = expected.find(any_text);
    if (wildcard == expected.npos) return expected == printed;
    if (!printed.starts_with(expected.substr(0, wildcard))) return false;
    expected.remove_prefix(wildcard + any_text.size());
    for (std::size_t end = wildcard + 1; end <= printed.size(); ++end)
        if (line_matches(expected, printed.substr(end))) return true;
    return false;
}

/// Where the two part: the numbers of lines of each that agree. Both sizes when all do.
struct agreement {
    std::size_t expected = 0;
    std::size_t printed = 0;
};

agreement agree(const lines& expected, const lines& printed, std::size_t e, std::size_t p) {
    for (; e < expected.size(); ++e, ++p) {
        if (expected[e] == any_lines) {
            agreement best{.expected = e + 1, .printed = p};
            for (std::size_t next = p; next <= printed.size(); ++next) {
                const agreement found = agree(expected, printed, e + 1, next);
                if (found.expected >= best.expected) best = found;
                if (found.expected == expected.size() && found.printed == printed.size()) break;
            }
            return best;
        }
        if (p == printed.size() || !line_matches(expected[e], printed[p])) break;
    }
    return {.expected = e, .printed = p};
}

std::string excerpt(const lines& all, std::size_t from, char sign) {
    constexpr std::size_t lines_max = 5;
    if (from >= all.size()) return fmt::format("  {} (the end)\n", sign);
    std::string text;
    const std::size_t end = std::min(all.size(), from + lines_max);
    for (std::size_t i = from; i < end; ++i) text += fmt::format("  {} {}\n", sign, all[i]);
    if (end < all.size()) text += fmt::format("  {} … {} more\n", sign, all.size() - end);
    return text;
}

}  // namespace

std::string difference(std::string_view expected_text, std::string_view printed_text) {
    const lines expected = split(expected_text);
    const lines printed = split(printed_text);
    const agreement same = agree(expected, printed, 0, 0);
    if (same.expected == expected.size() && same.printed == printed.size()) return {};

    constexpr std::size_t context_max = 3;
    std::string text = fmt::format("line {}: '-' is expected, '+' was printed\n", same.printed + 1);
    for (std::size_t i = same.printed - std::min(same.printed, context_max); i < same.printed; ++i)
        text += fmt::format("    {}\n", printed[i]);
    text += excerpt(expected, same.expected, '-');
    text += excerpt(printed, same.printed, '+');
    return text;
}

}  // namespace weft::tour
