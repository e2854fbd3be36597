// What a silent connection costs an echo server in memory of its own: private pages and page
// tables, of 10,000 that have each been through one exchange, beyond what the server takes with
// none. What the kernel holds for a socket is not in it.

#include "echo_load.hpp"
#include "echo_server.hpp"

namespace {

constexpr std::size_t connections_usual = 10'000;

double measure(const bench::echo_request& asked) {
    const std::size_t count = asked.connections_or(connections_usual);
    bench::raise_descriptor_limit(count + 64);
    const bench::echo_server server(asked.server);
    // What it needs to serve at all is not a connection's.
    { const bench::echo_load first(server.port(), 1); }
    const double before = server.private_bytes();
    const bench::echo_load load(server.port(), count);
    return (server.private_bytes() - before) / static_cast<double>(count);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "bytes_per_connection", measure);
}
