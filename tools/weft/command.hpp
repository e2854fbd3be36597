#pragma once

/// How a subcommand joins the program: one a file, each adds itself to the command line and leaves
/// what to run, once the line has been read, in `chosen`.

#include <functional>

namespace CLI {
class App;
}  // namespace CLI

namespace weft::tool {

/// Returns the exit status: 0 success, 1 failure, 2 wrong usage.
using action = std::function<int()>;

void add_tour(CLI::App& app, action& chosen);
void add_pipe(CLI::App& app, action& chosen);
void add_serve(CLI::App& app, action& chosen);
void add_load(CLI::App& app, action& chosen);
void add_conversations(CLI::App& app, action& chosen);
void add_bench(CLI::App& app, action& chosen);
void add_doctor(CLI::App& app, action& chosen);

}  // namespace weft::tool
