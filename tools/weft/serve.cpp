// weft serve: a server that answers what it gets.

#include "command.hpp"
#include "command_line.hpp"
#include "net_address.hpp"
#include "serve_run.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <memory>
#include <string>

namespace weft::tool {
namespace {

constexpr const char* serve_description =
    "Serve connections over TCP, each in a coroutine of its own: echo what comes.\n"
    "\n"
    "Prints where it listens, and on a terminal what goes on. With --threads the\n"
    "kernel spreads the connections over so many loops (SO_REUSEPORT), each on a thread.";

constexpr const char* serve_footer =
    "ADDRESS is 127.0.0.1:8080, [::1]:8080, :8080 for any address, or a name, of which the "
    "first\n"
    "address is taken. With port 0 the kernel chooses one.\n"
    "\n"
    "Ctrl-C (SIGINT) or SIGTERM closes the listener and lets connections finish; a second one "
    "ends\n"
    "them at once. A summary comes last. The limit of open files is raised as far as it goes; "
    "when\n"
    "it is reached, clients wait until a connection has ended.\n"
    "\n"
    "Examples:\n"
    "  weft serve --echo --listen :7777\n"
    "  weft serve --upper --log --listen 127.0.0.1:8080      nc 127.0.0.1 8080 talks to it\n"
    "  weft serve --threads 4 --listen :7777\n"
    "  weft serve --fibers --max-connections 1000 --drain 5 --listen '[::1]:0'\n"
    "\n"
    "Exit status: 0 when it was stopped, 1 when it could not serve, 2 wrong usage.";

int run(const serve_request& request) {
    if (const std::string fault = fault_of_address(request.listen); !fault.empty()) {
        fmt::print(stderr, "weft serve: {}\nweft serve --help says what can be given.\n", fault);
        return exit_usage;
    }
    if (request.max_connections != 0 && request.max_connections < request.threads) {
        fmt::print(stderr,
                   "weft serve: --max-connections {} for {} threads: give each at least one\n"
                   "weft serve --help says what can be given.\n",
                   request.max_connections, request.threads);
        return exit_usage;
    }
    return run_serve(request);
}

}  // namespace

void add_serve(CLI::App& app, action& chosen) {
    CLI::App* const command = app.add_subcommand("serve", serve_description);
    const auto request = std::make_shared<serve_request>();
    command
        ->add_option("-l,--listen", request->listen, "Where to listen; default " + request->listen)
        ->type_name("ADDRESS");
    auto* const echo =
        command->add_flag("--echo", request->echo, "Answer with what came (the default)");
    command->add_flag("--upper", request->upper, "Answer with what came, a to z in upper case")
        ->excludes(echo);
    command->add_flag("--lines", request->lines,
                      "Answer line by line; a line over 64 KiB ends its connection");
    command->add_flag("--log", request->log, "Print 'Client IP:PORT msg: ...' for each message");
    command->add_flag("--fibers", request->fibers, "A fiber for each connection; default: a task");
    command
        ->add_option("--max-connections", request->max_connections,
                     "At most so many at once, each thread its share; others wait")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}));
    command
        ->add_option("--drain", request->drain_seconds,
                     "How long connections may finish when it is stopped; default 30")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 1e9));
    command
        ->add_option("-t,--threads", request->threads,
                     "So many loops, each on a thread of its own; default 1")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1024}));
    command->add_flag("--reuse-port", request->reuse_port,
                      "Several servers may listen there: the kernel spreads connections");
    command->footer(serve_footer);
    command->callback([&chosen, request] { chosen = [request] { return run(*request); }; });
}

}  // namespace weft::tool
