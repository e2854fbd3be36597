#include "bench_log.hpp"

#include "bench_process.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace weft::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t line_bytes = 101;  // on average, rounded up
constexpr std::uint64_t lines_least = 100'000;

// The whole log must fit, with as much again left to others.
std::uint64_t lines_that_fit(const fs::path& folder) {
    const std::uint64_t disk = fs::space(folder).available;
    const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    const std::uint64_t memory = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t lines = std::min(disk, memory) / 2 / line_bytes;
    if (lines < lines_least)
        throw std::runtime_error(fmt::format("no room in '{}' for a log to search: set "
                                             "XDG_CACHE_HOME to a folder with 2 GB of room",
                                             folder.string()));
    return std::min(lines, log_lines_wanted);
}

// What its numbers say, when there are any and they agree with the size of the file.
std::uint64_t lines_of(const fs::path& log) {
    std::ifstream numbers(log.string() + ".numbers");
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    std::string key;
    std::uint64_t value = 0;
    while (numbers >> key >> value) {
        if (key == "lines") lines = value;
        if (key == "bytes") bytes = value;
    }
    std::error_code absent;
    return bytes != 0 && fs::file_size(log, absent) == bytes && !absent ? lines : 0;
}

void read_once(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> block(1 << 20);
    while (file.read(block.data(), static_cast<std::streamsize>(block.size()))) {}
}

}  // namespace

fs::path bench_cache_folder() {
    for (const char* const name : {"XDG_CACHE_HOME", "TMPDIR"})
        if (const char* const folder = std::getenv(name); folder != nullptr && *folder != 0)
            return fs::path(folder) / "weft-bench";
    return "/var/tmp/weft-bench";
}

bench_log prepare_bench_log(const fs::path& programs, progress_line& progress) {
    const fs::path folder = bench_cache_folder();
    fs::create_directories(folder);
    bench_log log;
    log.path = folder / "hits.log";
    log.lines = lines_of(log.path);
    if (log.lines < log_lines_wanted) {
        const std::uint64_t lines = lines_that_fit(folder);
        if (log.lines < lines) {
            progress.show(fmt::format("writing a log of {} lines, {} MB, in {}", lines,
                                      lines * line_bytes / 1'000'000, folder.string()));
            const auto made = run_bench_program(
                {programs / "make_log", log.path.string(), std::to_string(lines)});
            if (made.not_installed)
                throw std::runtime_error(fmt::format("no make_log in '{}'", programs.string()));
            log.lines = lines;
        }
    }
    progress.show("reading the log once");
    read_once(log.path);
    return log;
}

}  // namespace weft::tool
