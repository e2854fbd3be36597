// weft conversations: ten thousand connections at once.

#include "command.hpp"
#include "command_line.hpp"
#include "conversations_run.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace weft::tool {
namespace {

constexpr const char* conversations_description =
    "Hold ten thousand connections, each in a coroutine of its own, and talk over all of them.\n"
    "\n"
    "A server and a client on loopback, two processes of one thread each. At either end every\n"
    "second coroutine is a task, the others are fibers. All connect, are silent for a while,\n"
    "exchange messages in a closed loop, and close.";

constexpr const char* conversations_footer =
    "Where a process may not have so many open files (ulimit -Hn), there are fewer connections.\n"
    "\n"
    "Examples:\n"
    "  weft conversations\n"
    "  weft conversations --connections 1000 --kind fibers --seconds 1 --json\n"
    "\n"
    "Exit status: 0 when all were held, none broke and all were closed; 1 if not; 2 wrong usage.";

int run(conversations_request request, const std::string& kind) {
    if (kind == "tasks") request.kind = coroutine_kind::task;
    if (kind == "fibers") request.kind = coroutine_kind::fiber;
    return run_conversations(request);
}

}  // namespace

void add_conversations(CLI::App& app, action& chosen) {
    CLI::App* const command = app.add_subcommand("conversations", conversations_description);
    const auto request = std::make_shared<conversations_request>();
    const auto kind = std::make_shared<std::string>("both");
    command->add_option("-c,--connections", request->connections, "So many at once; default 10000")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
    command->add_option("-s,--seconds", request->seconds, "How long they talk; default 3")
        ->type_name("S")
        ->check(CLI::Range(0.001, 1e6));
    command->add_option("-b,--size", request->size, "Bytes of a message; default 64")
        ->type_name("B")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20U));
    command->add_option("--kind", *kind, "tasks, fibers or both; default both")
        ->type_name("KIND")
        ->check(CLI::IsMember({"tasks", "fibers", "both"}));
    command->add_flag("--json", request->json, "For machines: one object");
    command->footer(conversations_footer);
    command->callback(
        [&chosen, request, kind] { chosen = [request, kind] { return run(*request, *kind); }; });
}

}  // namespace weft::tool
