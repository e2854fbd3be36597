#include "bench_print.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace weft::tool {
namespace {

std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "an unnamed processor";
}

std::string compiler() {
#if defined(__clang__)
    return fmt::format("clang {}", __clang_major__);
#else
    return fmt::format("g++ {}", __VERSION__);
#endif
}

// Three digits that mean something, and no more.
std::string figure(double value) {
    if (value >= 100) return fmt::format("{:.0f}", value);
    if (value >= 10) return fmt::format("{:.1f}", value);
    return fmt::format("{:.2f}", value);
}

}  // namespace

std::string build_remark() {
#if !defined(__OPTIMIZE__)
    return "this build is not optimised: build the release or the bench preset to measure";
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return "this build has a sanitizer: its figures say nothing";
#elif !defined(NDEBUG)
    return "this build has debug checks: build the release or the bench preset to measure";
#else
    return {};
#endif
}

bench_table_printer::bench_table_printer(std::span<const benchmark* const> chosen) {
    for (const benchmark* one : chosen) {
        name_width_ = std::max(name_width_, one->name.size());
        peer_width_ = std::max(peer_width_, one->peer_name.size());
    }
}

void bench_table_printer::header(int cpu, int runs) const {
    const std::string on =
        fmt::format("{}, processor {}; {}; {}; processor time", cpu_model(), cpu, compiler(),
                    runs == 1 ? "one run" : fmt::format("medians of {} interleaved runs", runs));
    fmt::print("{}\n", paint_(style::dim, on));
    const std::string titles =
        fmt::format("{:<{}}  {:<4} {:>7} {:>15}  {:<{}} {:>7} {:>6}  {}", "name", name_width_,
                    "unit", "weft", "min - max", "peer", peer_width_, "", "ratio", "bar");
    fmt::print("{}\n", paint_(style::bold, titles));
    std::fflush(stdout);
}

void bench_table_printer::row(const bench_row& row) const {
    const std::string range = figure(row.weft.min()) + " - " + figure(row.weft.max());
    fmt::print("{:<{}}  {:<4} {:>7} {:>15}  {:<{}} ", row.of->name, name_width_, row.of->unit,
               figure(row.weft.median()), range, row.of->peer_name, peer_width_);
    if (const auto ratio = row.ratio()) {
        // Three decimals: 2.003 does not meet a bar of 2.
        fmt::print("{:>7} {:>6.3f}", figure(row.peer.median()), *ratio);
        if (const auto met = row.met())
            fmt::print("  {:<8}{}", row.bar(),
                       *met ? paint_(style::green, "met") : paint_(style::red, "missed"));
    } else {
        fmt::print("{}", paint_(style::yellow, "not installed"));
    }
    if (row.metric != row.of->metric) fmt::print("\n  {}", row.metric);
    fmt::print("\n");
    std::fflush(stdout);
}

void bench_table_printer::footer(std::span<const bench_row> rows, int runs) const {
    const auto with_bar = std::ranges::count_if(rows, [](auto& row) { return row.of->bar != 0; });
    const auto met = std::ranges::count_if(rows, [](auto& row) { return row.met() == true; });
    if (with_bar > 0) fmt::print("{} of {} bars met\n", met, with_bar);
    if (runs < 5) fmt::print("{}\n", paint_(style::yellow, "fewer than 5 runs: not to be quoted"));
}

std::string bench_json(std::span<const bench_row> rows) {
    auto array = nlohmann::ordered_json::array();
    for (const bench_row& row : rows) {
        nlohmann::ordered_json item;
        item["name"] = row.of->name;
        item["metric"] = row.metric;
        item["unit"] = row.of->unit;
        item["weft"] = row.weft.median();
        item["min"] = row.weft.min();
        item["max"] = row.weft.max();
        item["runs"] = row.weft.size();
        const auto ratio = row.ratio();
        if (ratio) {
            item["peer"] = row.of->peer_name;
            item["peer_value"] = row.peer.median();
            item["ratio"] = *ratio;
        } else {
            item["peer"] = fmt::format("{} (not installed)", row.of->peer_name);
            item["peer_value"] = nullptr;
            item["ratio"] = nullptr;
        }
        if (row.of->bar != 0) {
            item["bar"] = row.bar();
            if (const auto met = row.met())
                item["met"] = *met;
            else
                item["met"] = nullptr;
        }
        array.push_back(std::move(item));
    }
    return array.dump(2);
}

void print_bench_list(std::span<const benchmark* const> chosen) {
    std::size_t width = 0;
    for (const benchmark* one : chosen) width = std::max(width, one->name.size());
    for (const benchmark* one : chosen) {
        bench_row empty;
        empty.of = one;
        fmt::print("{:<{}}  {}\n", one->name, width, one->question);
        fmt::print("{:<{}}    {}, against {}{}\n", "", width, one->unit, one->peer_name,
                   one->bar == 0 ? "" : fmt::format(": ratio {}", empty.bar()));
    }
}

}  // namespace weft::tool
