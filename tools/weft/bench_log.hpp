#pragma once

#include "terminal.hpp"

#include <cstdint>
#include <filesystem>

/// The log that the pipelines search: made once, kept for the next time, removed by `weft bench
/// --clean`.
namespace weft::tool {

inline constexpr std::uint64_t log_lines_wanted = 10'000'000;

struct bench_log {
    std::filesystem::path path;
    std::uint64_t lines = 0;
};

/// In XDG_CACHE_HOME, else TMPDIR, else /var/tmp.
[[nodiscard]] std::filesystem::path bench_cache_folder();

/// Makes the log unless it is there, whole, and reads it once so that it is in memory and no side
/// is measured on the disk. It has fewer lines than wanted when disk or memory is short.
[[nodiscard]] bench_log prepare_bench_log(const std::filesystem::path& programs,
                                          progress_line& progress);

}  // namespace weft::tool
