#pragma once

#include <span>
#include <string_view>

/// Which benchmarks there are. A row of `weft bench` is a line of this table; the programs are in
/// bench/.
namespace weft::tool {

/// A program of bench/ and which of its sides to run.
struct bench_side {
    std::string_view program;
    std::string_view side;
};

/// Which way a figure is good. The bar of a benchmark is on the ratio weft / peer, so it is a
/// ceiling for times and a floor for rates.
enum class better { lower, higher };

struct benchmark {
    std::string_view name;
    std::string_view question;
    /// What the programs print in front of their figure.
    std::string_view metric;
    std::string_view unit;
    better direction;
    bench_side weft;
    /// What the peer is called in the output.
    std::string_view peer_name;
    bench_side peer;
    /// What the ratio must reach; 0 where nothing was promised.
    double bar;
    /// Whether the programs are given the path of the log of 1 GB.
    bool needs_log = false;
};

[[nodiscard]] std::span<const benchmark> all_benchmarks();

}  // namespace weft::tool
