#pragma once

#include <string>
#include <vector>

/// Peers that are programs of their own: grep, python3.
namespace bench {

/// The path of a file that lies in the same folder as this program.
[[nodiscard]] std::string beside_this_program(const std::string& name);

/// Replaces this process by another program, found by PATH. When it is not installed the exit
/// status is `not_installed`.
[[noreturn]] void become(std::vector<std::string> command);

/// What a child process printed, and the processor time that it took from its start to its end.
struct child_result {
    std::string output;
    double cpu_ns = 0;
};

/// Runs a program in the C locale and waits for its end. Ends this process when it fails, with
/// `not_installed` when it is not there.
[[nodiscard]] child_result run_child(std::vector<std::string> command);

}  // namespace bench
