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
    /// What was measured of each of the peers, in their order; empty for one that is not installed.
    struct peer {
        std::string_view name;
        bench_series values;
    };

    const benchmark* of = nullptr;
    std::string metric;
    bench_series weft;
    std::vector<peer> peers;

    /// The one with the best median of those that are installed; null when none is.
    [[nodiscard]] const peer* best() const;
    /// The ratio of the medians, weft / peer. Nothing when the peer's is zero or not there.
    [[nodiscard]] std::optional<double> ratio_to(const peer& other) const;
    /// The ratio to the best.
    [[nodiscard]] std::optional<double> ratio() const;
    /// "<= 1.15" or ">= 1.3" for the ratio, "<= 10 ns" for the figure; empty when there is none.
    [[nodiscard]] std::string bar() const;
    /// Nothing where there is no bar, or no peer to tell.
    [[nodiscard]] std::optional<bool> met() const;
};

class bench_runner {
public:
    bench_runner(std::filesystem::path programs, int runs)
        : programs_(std::move(programs)), runs_(runs) {}

    /// Measures weft, its peers, weft, its peers, …: what drifts meets all. Throws when a side
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
