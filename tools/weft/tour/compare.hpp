#pragma once

#include <string>
#include <string_view>

/// Compares what a program of the tour printed with what it must print.
namespace weft::tour {

/// Empty when they agree; otherwise the first difference, with what surrounds it, for a person. The
/// wildcards of `expected` are described at `program::expected`.
[[nodiscard]] std::string difference(std::string_view expected, std::string_view printed);

}  // namespace weft::tour
