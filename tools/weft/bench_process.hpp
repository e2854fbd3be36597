#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Running the programs of bench/, each measurement in a process of its own.
namespace weft::tool {

/// The folder that holds the programs: WEFT_BENCH_DIR, or beside this program in the build tree or
/// where both are installed. Throws, with how to build them, when they are in none of these.
[[nodiscard]] std::filesystem::path find_bench_programs();

/// Pins this process, and so the programs that it starts, to one processor. The last one that may
/// be used when none is named. Returns which; throws when that one may not be used.
int pin_to_cpu(std::optional<int> wanted);

/// Lets the programs that are started from now on run before all others, as far as the kernel
/// allows. Throws when that is not permitted.
void make_realtime();

struct bench_output {
    std::string text;
    /// It, or what it would measure, is not on this machine.
    bool not_installed = false;
};

/// Runs a program and gives what it printed. Throws when it fails.
[[nodiscard]] bench_output run_bench_program(std::vector<std::string> command);
/// The same for a program of several threads: on each processor that this process had when it was
/// pinned.
[[nodiscard]] bench_output run_bench_program_on_all_processors(std::vector<std::string> command);

}  // namespace weft::tool
