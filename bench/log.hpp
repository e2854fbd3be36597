#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The log that the pipelines search: hits of pages, about 100 bytes a line, one in a hundred with
/// the word "python". make_log writes it, always the same for the same number of lines.
namespace bench {

/// What is in a log. It lies beside it as `<log>.numbers`, one `key value` a line.
struct log_numbers {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    std::uint64_t matches = 0;
};

[[nodiscard]] inline std::string numbers_path(std::string_view log) {
    return std::string(log) + ".numbers";
}

inline constexpr std::string_view word = "python";

}  // namespace bench
