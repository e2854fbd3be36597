#pragma once

#include <functional>

namespace CLI {
class App;
}

/// The program is one subcommand a file: each adds itself to the command line and leaves what to run, once
/// the line has been read, in `chosen`. The action returns the exit status: 0 success, 1 failure, 2
/// wrong usage.
namespace weft::tool {

using action = std::function<int()>;

void add_tour(CLI::App& app, action& chosen);
void add_pipe(CLI::App& app, action& chosen);
void add_bench(CLI::App& app, action& chosen);
void add_doctor(CLI::App& app, action& chosen);

}  // namespace weft::tool
