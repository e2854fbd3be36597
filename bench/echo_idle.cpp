// What an echo server does while 10,000 connections are silent: its processor time in nanoseconds
// a second, all threads, a second after the last exchange. Nothing is what it should be.

#include "echo_load.hpp"
#include "echo_server.hpp"

#include <poll.h>

namespace {

constexpr std::size_t connections_usual = 10'000;
constexpr double seconds_silent = 3;

void let_pass(double seconds) {
    ::poll(nullptr, 0, static_cast<int>(seconds * 1e3));
}

double measure(const bench::echo_request& asked) {
    const std::size_t count = asked.connections_or(connections_usual);
    bench::raise_descriptor_limit(count + 64);
    const bench::echo_server server(asked.server);
    const bench::echo_load load(server.port(), count);
    let_pass(1);
    const double before = server.cpu_ns();
    let_pass(seconds_silent);
    return (server.cpu_ns() - before) / seconds_silent;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "a_second", measure);
}
