#pragma once

/// How a subcommand joins the program: one a file, each adds itself to the command line and leaves
/// what to run, once the line has been read, in `chosen`.

#include <functional>
#include <stdexcept>

namespace CLI {
class App;
}  // namespace CLI

namespace weft::tool {

/// Returns the exit status: 0 success, 1 failure, 2 wrong usage.
using action = std::function<int()>;

/// Why a command cannot do what it was asked to, as it is printed. Exit status 1.
class command_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

void add_tour(CLI::App& app, action& chosen);
void add_pipe(CLI::App& app, action& chosen);
void add_serve(CLI::App& app, action& chosen);
void add_load(CLI::App& app, action& chosen);
void add_conversations(CLI::App& app, action& chosen);
void add_bench(CLI::App& app, action& chosen);
void add_doctor(CLI::App& app, action& chosen);

/// The whole program, but `main`. Returns the exit status.
[[nodiscard]] int run_tool(int argc, char** argv) noexcept;

}  // namespace weft::tool
