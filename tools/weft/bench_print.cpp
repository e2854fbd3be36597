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

using json = nlohmann::ordered_json;

template <class T>
json optional(const std::optional<T>& value) {
    return value ? json(*value) : json();
}

json all_peers(const bench_row& row) {
    auto array = json::array();
    for (const bench_row::peer& one : row.peers) {
        json item;
        item["name"] = one.name;
        item["value"] = one.values.empty() ? json() : json(one.values.median());
        item["ratio"] = optional(row.ratio_to(one));
        array.push_back(std::move(item));
    }
    return array;
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
        for (const bench_peer& peer : one->peers.all())
            peer_width_ = std::max(peer_width_, peer.name.size());
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
    fmt::print("{:<{}}  {:<4} {:>7} {:>15}  ", row.of->name, name_width_, row.of->unit,
               figure(row.weft.median()), range);
    const bench_row::peer* const best = row.best();
    if (best != nullptr)
        print_peer(row, *best);
    else if (row.peers.empty())
        fmt::print("{:<{}} {:>7} {:>6}", "", peer_width_, "", "");
    else
        print_peer(row, row.peers.front());
    if (const auto met = row.met())
        fmt::print("  {:<12}{}", row.bar(),
                   *met ? paint_(style::green, "met") : paint_(style::red, "missed"));
    for (const bench_row::peer& other : row.peers) {
        if (&other == best || row.peers.size() == 1) continue;
        fmt::print("\n{:<{}}", "", name_width_ + indent_to_peer);
        print_peer(row, other);
    }
    if (row.metric != row.of->metric) fmt::print("\n  {}", row.metric);
    fmt::print("\n");
    std::fflush(stdout);
}

// Three decimals: 2.003 does not meet a bar of 2.
void bench_table_printer::print_peer(const bench_row& row, const bench_row::peer& other) const {
    fmt::print("{:<{}} ", other.name, peer_width_);
    if (other.values.empty())
        fmt::print("{}", paint_(style::yellow, "not installed"));
    else
        fmt::print("{:>7} {:>6.3f}", figure(other.values.median()),
                   row.ratio_to(other).value_or(0));
}

void bench_table_printer::footer(std::span<const bench_row> rows, int runs) const {
    const auto with_bar =
        std::ranges::count_if(rows, [](auto& row) { return row.of->on != bar_on::nothing; });
    const auto met = std::ranges::count_if(rows, [](auto& row) { return row.met() == true; });
    if (with_bar > 0) fmt::print("{} of {} bars met\n", met, with_bar);
    if (runs < 5) fmt::print("{}\n", paint_(style::yellow, "fewer than 5 runs: not to be quoted"));
}

std::string bench_json(std::span<const bench_row> rows) {
    auto array = json::array();
    for (const bench_row& row : rows) {
        json item;
        item["name"] = row.of->name;
        item["metric"] = row.metric;
        item["unit"] = row.of->unit;
        item["weft"] = row.weft.median();
        item["min"] = row.weft.min();
        item["max"] = row.weft.max();
        item["runs"] = row.weft.size();
        const bench_row::peer* const best = row.best();
        if (best != nullptr || row.peers.empty())
            item["peer"] = best != nullptr ? json(best->name) : json();
        else
            item["peer"] = fmt::format("{} (not installed)", row.peers.front().name);
        item["peer_value"] = best != nullptr ? json(best->values.median()) : json();
        item["ratio"] = optional(row.ratio());
        if (row.peers.size() > 1) item["peers"] = all_peers(row);
        if (row.of->on != bar_on::nothing) {
            item["bar"] = row.bar();
            item["met"] = optional(row.met());
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
        std::string against;
        for (const bench_peer& peer : one->peers.all())
            against += fmt::format("{}{}", against.empty() ? ", against " : "; ", peer.name);
        const char* const what = one->on == bar_on::ratio ? "ratio " : "";
        fmt::print("{:<{}}  {}\n", one->name, width, one->question);
        fmt::print("{:<{}}    {}{}{}\n", "", width, one->unit, against,
                   one->on == bar_on::nothing ? "" : fmt::format(": {}{}", what, empty.bar()));
    }
}

}  // namespace weft::tool
