// What an echo of 64 bytes over TCP costs a server: its processor time for a request, on a
// processor of its own, while clients in a closed loop on another keep it busy. It is measured in
// turns with the minimal server of echo_raw.cpp, as its multiple; the figures themselves follow.
//
//     echo weft_task-1000   tasks of weft, 1,000 connections
//     echo raw-64 5         the minimal server against itself, for five seconds each: the noise

#include "echo_load.hpp"
#include "echo_turns.hpp"

namespace {

constexpr std::size_t other_descriptors = 64;

double measure(const bench::echo_request& asked) {
    const std::size_t connections = asked.connections_or(64);
    bench::raise_descriptor_limit(connections + other_descriptors);
    const auto compared = bench::compare_echo<bench::echo_load>(asked, connections, "raw");
    bench::remark("us_per_request", compared.us);
    bench::remark("us_per_request_raw", compared.us_other);
    return compared.times_other;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "times_raw", measure);
}
