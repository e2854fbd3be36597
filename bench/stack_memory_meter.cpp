#include "stack_memory.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace bench {
namespace {

/// Of this process, in KiB.
std::size_t kib_now(std::string_view key) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key)) return std::stoul(line.substr(key.size()));
    return 0;
}

std::size_t resident_now() {
    return kib_now("VmRSS:");
}

std::size_t tables_now() {
    return kib_now("VmPTE:");
}

std::size_t mappings_now() {
    std::ifstream maps("/proc/self/maps");
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

}  // namespace

memory_meter::memory_meter()
    : resident_before_(resident_now()),
      tables_before_(tables_now()),
      mappings_before_(mappings_now()) {}

double memory_meter::kib_each(std::size_t n) const {
    return resident_kib_each(n) + tables_kib_each(n);
}

double memory_meter::resident_kib_each(std::size_t n) const {
    return static_cast<double>(resident_now() - resident_before_) / static_cast<double>(n);
}

double memory_meter::tables_kib_each(std::size_t n) const {
    return static_cast<double>(tables_now() - tables_before_) / static_cast<double>(n);
}

double memory_meter::mappings() const {
    return static_cast<double>(mappings_now() - mappings_before_);
}

void suspend_at(void* top) noexcept {
    std::memset(static_cast<char*>(top) - suspended_bytes, 1, suspended_bytes);
}

}  // namespace bench
