// What a second loop costs: the processor time of an echo of 64 bytes over TCP for a server with
// two loops, each on a thread, as a multiple of the same server with one. Both are held to one
// processor while their clients have another, and are measured in turns.
//
//     echo_loops weft_task-64    tasks, 64 connections
//     echo_loops weft_fiber 5    fibers, for five seconds each

#include "echo_load.hpp"
#include "echo_turns.hpp"

#include <string>

namespace {

constexpr std::size_t other_descriptors = 64;

double measure(const bench::echo_request& asked) {
    const std::size_t connections = asked.connections_or(64);
    bench::raise_descriptor_limit(connections + other_descriptors);
    const std::string two_loops = std::string(asked.server) + "_2";
    bench::echo_request with_two = asked;
    with_two.server = two_loops;
    const auto compared =
        bench::compare_echo<bench::echo_load>(with_two, connections, asked.server);
    bench::remark("us_per_request", compared.us);
    bench::remark("us_per_request_one_loop", compared.us_other);
    return compared.times_other;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "times_one_loop", measure);
}
