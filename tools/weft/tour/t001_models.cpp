// Article 001: the three models of input and output, and the coroutine.

#include "echo_servers.hpp"
#include "program.hpp"

#include <chrono>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 1.1
void five_servers(guide& show) {
    const load_plan plan{
        .processes = 1, .connections = 16, .time = show.in_a_hurry() ? 300ms : 1000ms};
    show.print("{:<12}{:>6}{:>12}\n", "", "lines", "requests/s");
    bool all_right = true;
    for (const echo_model& model : echo_models()) {
        show.progress(fmt::format("    {} …", model.name));
        const load_result found = measure_echo(model, plan).load;
        all_right = all_right && found.errors == 0 &&
                    found.messages >= static_cast<unsigned>(plan.connections);
        show.print("{:<12}{:>6}{:>12.0f}\n", model.name, model.lines, found.per_second());
    }
    show.print("processes and threads have every processor, the others one\n");
    show.check(all_right, "the same client finds each answer right from all of them");
}

}  // namespace

programs models_of_io() {
    return {
        {
            .id = "1.1",
            .title = "one echo server in five ways",
            .shows = "Processes, threads, callbacks, tasks and fibers: what each is to write, and "
                     "how fast it is.",
            .run = five_servers,
            .expected = "…lines  requests/s\n"
                        "processes …\n"
                        "threads …\n"
                        "callbacks …\n"
                        "tasks …\n"
                        "fibers …\n"
                        "processes and threads have every processor, the others one\n",
        },
    };
}

}  // namespace weft::tour
