#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// Figures for people.
namespace weft::tool {

/// 1353 as "1,353", in any locale.
[[nodiscard]] std::string with_commas(std::uint64_t number);
/// "1 answer", "1,353 answers".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view what);
/// "812 B", "1.4 MB": powers of a thousand.
[[nodiscard]] std::string readable_bytes(double bytes);
/// "812 ns", "43.1 us", "8.12 ms", "1.50 s": three digits.
[[nodiscard]] std::string readable_time(std::chrono::nanoseconds d);

}  // namespace weft::tool
