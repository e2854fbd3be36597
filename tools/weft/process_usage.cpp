#include "process_usage.hpp"

#include <cerrno>
#include <ctime>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>

namespace weft::tool {
namespace {

/// The sum of what a file of /proc says under these names, in bytes.
std::uint64_t sum_of(const char* path, std::initializer_list<std::string_view> names) {
    std::ifstream file(path);
    if (!file) throw std::system_error(errno, std::generic_category(), path);
    std::uint64_t kib = 0;
    for (std::string line; std::getline(file, line);)
        for (const std::string_view name : names)
            if (line.starts_with(name)) kib += std::stoull(line.substr(name.size()));
    return kib * 1024;
}

}  // namespace

std::uint64_t anonymous_memory() {
    return sum_of("/proc/self/smaps_rollup", {"Anonymous:"}) +
           sum_of("/proc/self/status", {"VmPTE:"});
}

std::chrono::nanoseconds processor_time() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

}  // namespace weft::tool
