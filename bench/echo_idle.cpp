// What an echo server does while 10,000 connections are silent: its processor time in nanoseconds
// a second, all threads, a second after the last exchange. Nothing is what it should be.

#include "echo_load.hpp"
#include "echo_server.hpp"

#include <poll.h>

namespace {

constexpr int connections_usual = 10'000;

void let_pass(double seconds) {
    ::poll(nullptr, 0, static_cast<int>(seconds * 1e3));
}

double measure(const bench::echo_request& asked) {
    const int connections = asked.connections > 0 ? asked.connections : connections_usual;
    const auto count = static_cast<std::size_t>(connections);
    bench::raise_descriptor_limit(count + 64);
    const bench::echo_server server(asked.server);
    const bench::echo_load load(server.port(), count);
    let_pass(1);
    const double before = server.cpu_ns();
    let_pass(asked.seconds);
    return (server.cpu_ns() - before) / asked.seconds;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "a_second", measure);
}
