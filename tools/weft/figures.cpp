#include "figures.hpp"

#include <fmt/core.h>

#include <cstddef>

namespace weft::tool {

std::string with_commas(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
}

std::string counted(std::uint64_t number, std::string_view what) {
    return fmt::format("{} {}{}", with_commas(number), what, number == 1 ? "" : "s");
}

std::string readable_bytes(double bytes) {
    const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    for (; bytes >= 1000 && unit < 4; ++unit) bytes /= 1000;
    return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

std::string readable_time(std::chrono::nanoseconds d) {
    if (d < std::chrono::microseconds(1)) return fmt::format("{} ns", d.count());
    const char* const units[] = {"us", "ms", "s"};
    auto value = static_cast<double>(d.count()) / 1e3;
    std::size_t unit = 0;
    // What would be rounded to 1000 is 1.00 of the next.
    for (; value >= 999.5 && unit < 2; ++unit) value /= 1000;
    const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, digits, units[unit]);
}

}  // namespace weft::tool
