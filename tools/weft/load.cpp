// weft load: how much a server takes.

#include "command.hpp"
#include "command_line.hpp"
#include "figures.hpp"
#include "load_report.hpp"
#include "load_run.hpp"
#include "net_address.hpp"
#include "open_files.hpp"

#include "weft/core/run.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace weft::tool {
namespace {

constexpr const char* description =
    "Load a server that answers as many bytes as it gets, and measure it.\n"
    "\n"
    "A closed loop: each connection sends a message, waits for all of the answer, and again.";

constexpr const char* footer =
    "Connections are made first, a bounded number a second; then all begin, and after the warm-up\n"
    "it measures. The messages are lines of text. An answer with other bytes than expected, an "
    "end\n"
    "and a reset are errors: they are counted by kind, and the connection is made again. To a\n"
    "loopback address more than 20,000 connections come from 127.0.0.1, 127.0.0.2 and so on.\n"
    "\n"
    "Latencies are of whole requests, to within 0.8 %. In a closed loop a server that stalls gets\n"
    "fewer requests meanwhile: the quantiles are of requests, not of time. Ctrl-C ends it early, "
    "with\n"
    "the summary.\n"
    "\n"
    "Examples:\n"
    "  weft load 127.0.0.1:7777 --connections 1000 --seconds 10 --size 64\n"
    "  weft load 127.0.0.1:8080 --upper --fibers --json\n"
    "\n"
    "Exit status: 0 when a request was answered, 1 when none was, 2 wrong usage.";

struct load_request {
    load_plan plan;
    bool upper = false;
    bool no_check = false;
    bool fibers = false;
    bool json = false;
};

int run(load_request request) {
    load_plan& plan = request.plan;
    if (const std::string fault = fault_of_address(plan.target); !fault.empty()) {
        fmt::print(stderr, "weft load: {}\nweft load --help says what can be given.\n", fault);
        return exit_usage;
    }
    if (request.upper) plan.expected = expected_answer::upper;
    if (request.no_check) plan.expected = expected_answer::any;
    if (request.fibers) plan.kind = coroutine_kind::fiber;
    const std::uint64_t open_files = raise_open_files();
    if (plan.connections + spare_open_files > open_files)
        fmt::print(stderr,
                   "weft load: note: {} connections need more than the {} open files that are "
                   "allowed here (ulimit -Hn)\n",
                   with_commas(plan.connections), with_commas(open_files));
    const load_result result =
        weft::run(options().watchdog(std::chrono::nanoseconds(0)), run_load(plan));
    if (request.json)
        fmt::print("{}\n", json_of(plan, result).dump(2));
    else
        fmt::print("{}", summary_of(plan, result));
    if (result.requests > 0) return exit_success;
    fmt::print(stderr, "weft load: no request was answered\n");
    return exit_failure;
}

}  // namespace

void add_load(CLI::App& app, action& chosen) {
    CLI::App* const command = app.add_subcommand("load", description);
    const auto request = std::make_shared<load_request>();
    load_plan& plan = request->plan;
    command->add_option("ADDRESS", plan.target, "The server: HOST:PORT")->type_name("")->required();
    const auto number = [&](const char* name, auto& value, const char* help, const char* what,
                            auto least, auto most) {
        command->add_option(name, value, help)->type_name(what)->check(CLI::Range(least, most));
    };
    number("-c,--connections", plan.connections, "So many at once; default 50", "N", std::size_t{1},
           std::size_t{1'000'000});
    number("-s,--seconds", plan.seconds, "How long to measure; default 10", "S", 0.001, 1e6);
    number("-b,--size", plan.size, "Bytes of a message; default 64", "B", std::size_t{1},
           std::size_t{64} << 20U);
    number("--warm-up", plan.warm_up_seconds, "How long before that, unmeasured; default 1", "S",
           0.0, 1e6);
    number("--connect-rate", plan.connects_a_second,
           "Connections made a second, at most; default 5000", "N", 1.0, 1e6);
    number("--connect-timeout", plan.connect_timeout_seconds, "For each of them; default 5", "S",
           0.001, 1e6);
    auto* const upper =
        command->add_flag("--upper", request->upper, "Expect a to z in upper case in the answer");
    command
        ->add_flag("--no-check", request->no_check,
                   "Take any bytes for an answer, when they are as many")
        ->excludes(upper);
    command->add_flag("--fibers", request->fibers, "A fiber for each connection; default: a task");
    command->add_flag("--json", request->json, "For machines: one object");
    command->footer(footer);
    command->callback([&chosen, request] { chosen = [request] { return run(*request); }; });
}

}  // namespace weft::tool
