// weft bench: the benchmarks, each side by side with its peer. The programs are in bench/; here is
// the command, which chooses, measures and reports.

#include "bench_print.hpp"
#include "bench_process.hpp"
#include "bench_run.hpp"
#include "command.hpp"
#include "command_line.hpp"

#include "weft/weft.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::tool {
namespace {

struct bench_request {
    std::vector<std::string> names;
    bool list = false;
    bool json = false;
    bool strict = false;
    bool realtime = false;
    bool clean = false;
    int runs = 5;
    std::optional<int> cpu;
};

using choice = std::vector<const benchmark*>;

std::vector<std::string> known_names() {
    std::vector<std::string> names;
    for (const benchmark& one : all_benchmarks()) names.emplace_back(one.name);
    return names;
}

// The benchmark of that name, or else all whose names begin with it.
choice named(const std::string& name) {
    choice found;
    for (const benchmark& one : all_benchmarks()) {
        if (one.name == name) return {&one};
        if (one.name.starts_with(name)) found.push_back(&one);
    }
    return found;
}

// What to run, in the order of the table, each once. Nothing when a name is unknown, which it says.
std::optional<choice> choose(const std::vector<std::string>& names) {
    choice wanted;
    for (const std::string& name : names) {
        const choice found = named(name);
        if (found.empty()) {
            const std::string hint = nearest(name, known_names());
            fmt::print(stderr, "weft bench: there is no benchmark '{}': {}\n", name,
                       hint.empty() ? "weft bench --list names them"
                                    : fmt::format("did you mean '{}'?", hint));
            return {};
        }
        wanted.insert(wanted.end(), found.begin(), found.end());
    }
    choice chosen;
    for (const benchmark& one : all_benchmarks())
        if (names.empty() || std::ranges::find(wanted, &one) != wanted.end())
            chosen.push_back(&one);
    return chosen;
}

int clean() {
    const auto folder = bench_cache_folder();
    const bool removed = std::filesystem::remove_all(folder) > 0;
    fmt::print("{} {}\n", removed ? "removed" : "nothing in", folder.string());
    return exit_success;
}

int measure(const bench_request& request, const choice& chosen) {
    bench_runner runner(find_bench_programs(), request.runs);
    const int cpu = pin_to_cpu(request.cpu);
    if (request.realtime) make_realtime();
    if (const std::string remark = build_remark(); !remark.empty())
        fmt::print(stderr, "weft bench: {}\n", remark);

    const bench_table_printer table(chosen);
    if (!request.json) table.header(cpu, request.runs);
    std::vector<bench_row> rows;
    bool failed = false;
    for (const benchmark* one : chosen) {
        try {
            rows.push_back(runner.run(*one));
            if (!request.json) table.row(rows.back());
        } catch (const std::exception& error) {
            // The others are worth having all the same.
            fmt::print(stderr, "weft bench: {}: {}\n", one->name, error.what());
            failed = true;
        }
    }
    if (request.json)
        fmt::print("{}\n", bench_json(rows));
    else
        table.footer(rows, request.runs);
    const bool missed = std::ranges::any_of(rows, [](auto& row) { return row.met() == false; });
    return failed || (request.strict && missed) ? exit_failure : exit_success;
}

int run_bench(const bench_request& request) {
    if (request.clean) return clean();
    const auto chosen = choose(request.names);
    if (!chosen) return exit_usage;
    if (request.list) {
        print_bench_list(*chosen);
        return exit_success;
    }
    return measure(request, *chosen);
}

constexpr const char* bench_description =
    "Measure weft side by side with its peers.\n"
    "The sides take turns, weft, peer, weft, peer, …, each time in a process of its own on one\n"
    "processor, so that what disturbs one disturbs all. Measured is processor time (user and\n"
    "system). A ratio is weft / peer, of the medians; where there are several peers the best one\n"
    "counts. A bar is a ceiling for times and sizes, a floor for MB/s; one with a unit is on\n"
    "weft's figure. A peer that is not installed is named as such. The pipelines search a log of\n"
    "1 GB, "
    "made\n"
    "once in $XDG_CACHE_HOME, else $TMPDIR, else /var/tmp.";

constexpr const char* bench_footer =
    "Keys of a row of --json: name, metric, unit, weft (median), min, max, runs, peer,\n"
    "peer_value (median), ratio, of the best peer; peers (name, value, ratio of each) where there\n"
    "are several; bar (\"<= 1.15\" of the ratio, \"<= 10 ns\" of the figure) and met where there\n"
    "is one.\n\n"
    "Example:\n"
    "  weft bench                               all of them; some minutes\n"
    "  weft bench generator consumer.send       those whose names begin so\n"
    "  weft bench --json pipeline > rows.json   for machines\n\n"
    "Exit status: 0 measured, also below a bar (1 with --strict), 1 failure, 2 wrong usage.";

}  // namespace

void add_bench(CLI::App& app, action& chosen) {
    auto request = std::make_shared<bench_request>();
    CLI::App* const command = app.add_subcommand("bench", bench_description);
    command->add_option("NAME", request->names,
                        "Benchmarks, or what their names begin with; all when left out");
    auto* const list =
        command->add_flag("--list", request->list, "Name the benchmarks and run none");
    command->add_flag("--json", request->json, "Print one array of rows")->excludes(list);
    command
        ->add_option("--runs", request->runs,
                     "Runs of each side (5); fewer than 5 are for trying only")
        ->check(CLI::Range(1, 1000));
    command->add_option("--cpu", request->cpu, "The processor to use; the last one when left out")
        ->check(CLI::NonNegativeNumber);
    command->add_flag("--realtime", request->realtime,
                      "Run before all other programs (SCHED_FIFO; root), on a busy machine");
    command->add_flag("--strict", request->strict, "Exit status 1 when a bar is missed");
    command->add_flag("--clean", request->clean, "Remove the log that the pipelines search");
    command->footer(bench_footer);
    command->callback([request, &chosen] { chosen = [request] { return run_bench(*request); }; });
}

}  // namespace weft::tool
