#pragma once

#include "bench_run.hpp"

#include <span>
#include <string>
#include <vector>

/// The output of `weft bench`, for people and for machines.
namespace weft::tool {

/// Prints a table of what is measured, as it is measured: a line for each row when it is there.
class bench_table_printer {
public:
    explicit bench_table_printer(std::span<const benchmark* const> chosen);
    void header(int cpu, int runs) const;
    void row(const bench_row& row) const;
    void footer(std::span<const bench_row> rows, int runs) const;

private:
    /// What stands between the name and the peer in a line.
    static constexpr std::size_t indent_to_peer = 32;

    void print_peer(const bench_row& row, const bench_row::peer& other) const;

    painter paint_{stdout};
    std::size_t name_width_ = 0;
    std::size_t peer_width_ = 0;
};

/// One array of rows; the keys are documented in the help page.
[[nodiscard]] std::string bench_json(std::span<const bench_row> rows);

/// What there is: name, question, peer, bar.
void print_bench_list(std::span<const benchmark* const> chosen);

/// A remark when figures of this build say little, or nothing.
[[nodiscard]] std::string build_remark();

}  // namespace weft::tool
