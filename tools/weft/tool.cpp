// The command line program: `weft COMMAND …`. Each command lives in files of its own and adds
// itself to the command line; here is what they share: help, exit codes, and errors as one line.

#include "command.hpp"
#include "command_line.hpp"

#include "weft/core/stopping.hpp"
#include "weft/weft.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

namespace weft::tool {
namespace {

int parse(CLI::App& app, int argc, char** argv) {
    if (const auto unknown = unknown_command(app, argc, argv); !unknown.empty()) {
        fmt::print(stderr, "{}", unknown);
        return exit_usage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "{}", explain(app, error));
        return exit_usage;
    }
    return exit_success;
}

/// What has not reached its reader is a failure, whatever the command found.
int run(const std::string& name, const action& chosen) {
    try {
        const int status = chosen();
        if (std::fflush(stdout) != 0)
            throw std::system_error(errno, std::generic_category(),
                                    "cannot write to standard output");
        return status;
    } catch (const interrupted& end) {
        return end.exit_status();  // whoever pressed Ctrl-C knows
    } catch (const command_error& error) {
        fmt::print(stderr, "weft {}: {}\n", name, error.what());
        return exit_failure;
    } catch (const std::system_error& error) {
        fmt::print(stderr, "weft {}: {}\n", name, error.what());
        return exit_failure;
    } catch (...) {
        fmt::print(stderr, "weft {}: {}\n", name, describe_exception(std::current_exception()));
        return exit_failure;
    }
}

int run_command_line(int argc, char** argv) {
    CLI::App app{"weft: a C++20 coroutine runtime for Linux, at work."};
    dress(app);
    app.set_version_flag("--version", fmt::format("weft {}", version));
    app.require_subcommand(0, 1);

    action chosen;
    add_tour(app, chosen);
    add_pipe(app, chosen);
    add_serve(app, chosen);
    add_load(app, chosen);
    add_conversations(app, chosen);
    add_bench(app, chosen);
    add_doctor(app, chosen);
    app.footer("weft COMMAND --help says more.\n\n"
               "Example:\n"
               "  weft tour 0.2                      one program of the tour\n"
               "  weft pipe access.log --grep 404    the lines that hold a word\n"
               "  weft serve --listen :7777          an echo server; weft load measures it\n\n"
               "Exit status: 0 success, 1 failure, 2 wrong usage.");

    if (const int status = parse(app, argc, argv); status != exit_success) return status;
    if (!chosen) {
        // `weft` alone, or help that was asked for and printed by the parser.
        if (argc == 1) fmt::print("{}", app.help());
        return exit_success;
    }
    return run(app.get_subcommands().front()->get_name(), chosen);
}

}  // namespace

int run_tool(int argc, char** argv) noexcept {
    try {
        return run_command_line(argc, argv);
    } catch (...) {
        fmt::print(stderr, "weft: {}\n", describe_exception(std::current_exception()));
        return exit_failure;
    }
}

}  // namespace weft::tool
