#pragma once

#include "bench_log.hpp"
#include "bench_table.hpp"
#include "terminal.hpp"

#include <optional>
#include <string>
#include <vector>

/// Measuring, and what comes of it.
namespace weft::tool {

/// The figures of one side, in the order in which they were measured.
class bench_series {
public:
    void add(double value) { values_.push_back(value); }
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] std::size_t size() const { return values_.size(); }
    /// REQUIRES: not empty.
    [[nodiscard]] double median() const;
    [[nodiscard]] double min() const;
    [[nodiscard]] double max() const;

private:
    std::vector<double> values_;
};

struct bench_row {
    const benchmark* of = nullptr;
    std::string metric;
    bench_series weft;
    /// Empty when the peer is not installed.
    bench_series peer;

    /// The ratio of the medians, weft / peer.
    [[nodiscard]] std::optional<double> ratio() const;
    /// "<= 1.15" or ">= 1.3", on the ratio; empty when there is no bar.
    [[nodiscard]] std::string bar() const;
    /// Nothing where there is no bar, or no peer to tell.
    [[nodiscard]] std::optional<bool> met() const;
};

class bench_runner {
public:
    bench_runner(std::filesystem::path programs, int runs)
        : programs_(std::move(programs)), runs_(runs) {}

    /// Measures weft, its peer, weft, its peer, …: what drifts meets both. Throws when a side
    /// fails.
    [[nodiscard]] bench_row run(const benchmark& one);

private:
    [[nodiscard]] const bench_log& log();
    [[nodiscard]] std::optional<double> measure(const benchmark& one, const bench_side& side);

    std::filesystem::path programs_;
    int runs_;
    progress_line progress_;
    std::optional<bench_log> log_;  // once a benchmark has needed it
};

}  // namespace weft::tool
