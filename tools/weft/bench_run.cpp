#include "bench_run.hpp"

#include "bench_process.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace weft::tool {

double bench_series::median() const {
    std::vector<double> sorted = values_;
    std::ranges::sort(sorted);
    const std::size_t half = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double bench_series::min() const {
    return *std::ranges::min_element(values_);
}

double bench_series::max() const {
    return *std::ranges::max_element(values_);
}

std::optional<double> bench_row::ratio() const {
    if (peer.empty()) return {};
    return weft.median() / peer.median();
}

std::string bench_row::bar() const {
    if (of->bar == 0) return {};
    return fmt::format("{} {}", of->direction == better::lower ? "<=" : ">=", of->bar);
}

std::optional<bool> bench_row::met() const {
    const auto reached = ratio();
    if (of->bar == 0 || !reached) return {};
    return of->direction == better::lower ? *reached <= of->bar : *reached >= of->bar;
}

bench_row bench_runner::run(const benchmark& one) {
    bench_row row;
    row.of = &one;
    row.metric = one.metric;
    if (one.needs_log && log().lines != log_lines_wanted)
        row.metric += fmt::format(", of a log of {} lines for want of room", log().lines);

    bool has_peer = true;
    for (int i = 1; i <= runs_; ++i) {
        progress_.show(fmt::format("{}: run {} of {}", one.name, i, runs_));
        const auto value = measure(one, one.weft);
        if (!value)
            throw std::runtime_error(fmt::format("no program '{}' in '{}': build the target "
                                                 "weft_bench_programs again",
                                                 one.weft.program, programs_.string()));
        row.weft.add(*value);
        if (!has_peer) continue;
        const auto peer_value = measure(one, one.peer);
        has_peer = peer_value.has_value();
        if (has_peer) row.peer.add(*peer_value);
    }
    progress_.clear();
    return row;
}

const bench_log& bench_runner::log() {
    if (!log_) log_ = prepare_bench_log(programs_, progress_);
    return *log_;
}

std::optional<double> bench_runner::measure(const benchmark& one, const bench_side& side) {
    std::vector<std::string> command = {programs_ / side.program, std::string(side.side)};
    if (one.needs_log) command.push_back(log().path);
    const bench_output output = run_bench_program(std::move(command));
    if (output.not_installed) return {};
    std::istringstream line(output.text);
    std::string metric;
    double value = 0;
    if (!(line >> metric >> value) || metric != one.metric || !(value > 0))
        throw std::runtime_error(fmt::format("{} {} printed '{}', not '{} NUMBER'", side.program,
                                             side.side, output.text, one.metric));
    return value;
}

}  // namespace weft::tool
