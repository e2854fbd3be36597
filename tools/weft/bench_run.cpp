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

const bench_row::peer* bench_row::best() const {
    const peer* found = nullptr;
    for (const peer& one : peers) {
        if (one.values.empty()) continue;
        const auto beats = [&] {
            const double mine = one.values.median();
            const double other = found->values.median();
            return of->direction == better::lower ? mine < other : mine > other;
        };
        if (found == nullptr || beats()) found = &one;
    }
    return found;
}

std::optional<double> bench_row::ratio_to(const peer& other) const {
    if (other.values.empty() || other.values.median() == 0) return {};
    return weft.median() / other.values.median();
}

std::optional<double> bench_row::ratio() const {
    const peer* const other = best();
    if (other == nullptr) return {};
    return ratio_to(*other);
}

std::string bench_row::bar() const {
    if (of->on == bar_on::nothing) return {};
    const char* const sign = of->direction == better::lower ? "<=" : ">=";
    if (of->on == bar_on::ratio) return fmt::format("{} {}", sign, of->bar);
    return fmt::format("{} {} {}", sign, of->bar, of->unit);
}

std::optional<bool> bench_row::met() const {
    if (of->on == bar_on::nothing) return {};
    const auto reached = of->on == bar_on::ratio ? ratio() : weft.median();
    if (!reached) return {};
    return of->direction == better::lower ? *reached <= of->bar : *reached >= of->bar;
}

bench_row bench_runner::run(const benchmark& one) {
    bench_row row;
    row.of = &one;
    row.metric = one.metric;
    if (one.needs_log && log().lines != log_lines_wanted)
        row.metric += fmt::format(", of a log of {} lines for want of room", log().lines);

    for (const bench_peer& peer : one.peers.all()) row.peers.push_back({peer.name, {}});
    for (int i = 1; i <= runs_; ++i) {
        progress_.show(fmt::format("{}: run {} of {}", one.name, i, runs_));
        const auto value = measure(one, one.weft);
        if (!value)
            throw std::runtime_error(fmt::format("no program '{}' in '{}': build the target "
                                                 "weft_bench_programs again",
                                                 one.weft.program, programs_.string()));
        row.weft.add(*value);
        for (std::size_t k = 0; k < row.peers.size(); ++k) {
            bench_series& values = row.peers[k].values;
            if (i > 1 && values.empty()) continue;  // It was not there the first time.
            const auto peer_value = measure(one, one.peers.all()[k].side);
            if (peer_value) values.add(*peer_value);
        }
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
    const bench_output output = one.all_processors
                                    ? run_bench_program_on_all_processors(std::move(command))
                                    : run_bench_program(std::move(command));
    if (output.not_installed) return {};
    std::istringstream line(output.text);
    std::string metric;
    double value = 0;
    if (!(line >> metric >> value) || metric != one.metric || !(value >= 0))
        throw std::runtime_error(fmt::format("{} {} printed '{}', not '{} NUMBER'", side.program,
                                             side.side, output.text, one.metric));
    return value;
}

}  // namespace weft::tool
