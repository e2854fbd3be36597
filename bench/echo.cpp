// What an echo of 64 bytes over TCP costs a server: its processor time for a request, on a
// processor of its own, while clients in a closed loop on another keep it busy.
//
//     echo raw-1000        the server of echo_raw.cpp, 1,000 connections
//     echo weft_task-64 5  tasks of weft, 64 connections, for five seconds

#include "echo_load.hpp"
#include "echo_server.hpp"

#include <cstddef>

namespace {

constexpr double seconds_warm = 0.3;
constexpr double seconds_warm_each = 20e-6;
constexpr std::size_t other_descriptors = 64;

double measure(const bench::echo_request& asked) {
    const auto connections =
        static_cast<std::size_t>(asked.connections > 0 ? asked.connections : 64);
    bench::raise_descriptor_limit(connections + other_descriptors);
    const bench::echo_server server(asked.server);
    bench::echo_load load(server.port(), connections);
    load.start();
    const double warm = seconds_warm + seconds_warm_each * static_cast<double>(connections);
    bench::require(load.run_for(std::chrono::duration<double>(warm)) > 0, "that it answers");
    const double before = server.cpu_ns();
    const std::uint64_t requests = load.run_for(std::chrono::duration<double>(asked.seconds));
    return (server.cpu_ns() - before) / static_cast<double>(requests) / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "us_per_request", measure);
}
