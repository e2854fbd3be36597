// The instructions in user space that a request costs an echo server, counted by valgrind's
// callgrind: a server is run with two counts of requests, and the difference divided. Of a server
// of weft, those beyond what the one of echo_raw.cpp takes:
//
//     echo_instructions raw         what the minimal server takes; 64 connections
//     echo_instructions weft_task   how many more a task takes

#include "echo_load.hpp"
#include "echo_server.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

constexpr std::uint64_t requests_few = 2'000;
constexpr std::uint64_t requests_many = 12'000;

/// In all, from the start of the server to its end.
double count(std::string_view server_name, std::size_t connections, std::uint64_t requests) {
    bench::echo_server server(server_name,
                              {"valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"});
    {
        bench::echo_load load(server.port(), connections);
        load.start();
        load.run(requests);
        load.finish();
    }
    const std::string report = server.stop();
    const std::size_t at = report.find("Collected : ");
    bench::need(at != report.npos, "a count by callgrind");
    return std::strtod(report.c_str() + report.find(':', at) + 1, nullptr);
}

double each(std::string_view server, std::size_t connections) {
    const double few = count(server, connections, requests_few);
    return (count(server, connections, requests_many) - few) / (requests_many - requests_few);
}

double measure(const bench::echo_request& asked) {
    const std::size_t connections = asked.connections_or(64);
    const double all = each(asked.server, connections);
    return asked.server.starts_with("weft") ? all - each("raw", connections) : all;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "instructions_per_request", measure);
}
