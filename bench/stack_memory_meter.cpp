#include "stack_memory.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace bench {
namespace {

std::size_t kib_now() {
    std::size_t sum = 0;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:") || line.starts_with("VmPTE:"))
            sum += std::stoul(line.substr(6));
    return sum;
}

std::size_t mappings_now() {
    std::ifstream maps("/proc/self/maps");
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

}  // namespace

memory_meter::memory_meter() : kib_before_(kib_now()), mappings_before_(mappings_now()) {}

double memory_meter::kib_each(std::size_t n) const {
    return static_cast<double>(kib_now() - kib_before_) / static_cast<double>(n);
}

double memory_meter::mappings() const {
    return static_cast<double>(mappings_now() - mappings_before_);
}

void suspend_at(void* top) noexcept {
    std::memset(static_cast<char*>(top) - suspended_bytes, 1, suspended_bytes);
}

}  // namespace bench
