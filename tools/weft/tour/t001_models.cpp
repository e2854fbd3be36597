// Article 001: the three models of input and output, and the coroutine.

#include "echo_servers.hpp"
#include "figures.hpp"
#include "program.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 1.1
void five_servers(guide& show) {
    const load_plan plan{
        .processes = 1, .connections = 16, .time = show.in_a_hurry() ? 300ms : 1000ms};
    const int silent = show.in_a_hurry() ? 64 : 400;
    show.print("{:<11}{:<10}{:>6}{:>12}{:>13}{:>18}\n", "server", "driver", "lines", "requests/s",
               "CPU us each", "KiB a connection");
    show.print("{:─<70}\n", "");
    bool all_right = true;
    int first = 8;  // what is made once, and for these, does not count
    for (const echo_model& model : echo_models()) {
        show.progress(fmt::format("    {} {} …", model.name, model.driver));
        const echo_measurement found = measure_echo(model, plan);
        const double bytes = measure_echo_memory(model, first, silent);
        // Stacks that have been used keep a page: the next ones shall need others.
        if (model.name == std::string_view("fibers")) first += silent + 64;
        all_right = all_right && found.load.errors == 0 &&
                    found.load.messages >= static_cast<unsigned>(plan.connections);
        show.print("{:<11}{:<10}{:>6}{:>12}{:>13.1f}{:>18.2f}\n", model.name, model.driver,
                   model.lines,
                   tool::with_commas(static_cast<std::uint64_t>(found.load.per_second())),
                   found.cpu_us_each(), bytes / 1024);
    }
    show.print("{:─<70}\n", "");
    show.print("processes and threads have every processor, the others one\n");
    show.check(all_right, "the same client finds each answer right from all of them");
}

}  // namespace

programs models_of_io() {
    return {
        {
            .id = "1.1",
            .title = "one echo server in five ways",
            .shows = "Processes, threads, callbacks, tasks and fibers: what each is to write, how "
                     "fast it is, what it needs.",
            .run = five_servers,
            .expected = "server     driver     lines  requests/s  CPU us each  KiB a connection\n"
                        "─…\n"
                        "processes  blocks …\n"
                        "threads    blocks …\n"
                        "callbacks  epoll …\n"
                        "tasks      epoll …\n"
                        "fibers     epoll …\n"
                        "⋮\n"
                        "─…\n"
                        "processes and threads have every processor, the others one\n",
        },
    };
}

}  // namespace weft::tour
