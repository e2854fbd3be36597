#pragma once

#include "bench.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// The echo servers as the benchmarks see them: processes to be driven and looked at from outside.
namespace bench {

/// A server that runs on the first processor that this process may use, while this process, its
/// client, is held to the second. It ends with this object, or with this process.
class echo_server {
public:
    /// By its name in sides: raw, libuv, asio, tokio, go, weft_task, weft_fiber. `before` is a
    /// command that gets the server's as its arguments. Ends this process with `not_installed`
    /// when that server is not built, and with an error when there is one processor only.
    explicit echo_server(std::string_view name, std::vector<std::string> before = {});
    echo_server(const echo_server&) = delete;
    echo_server& operator=(const echo_server&) = delete;
    ~echo_server();

    [[nodiscard]] int port() const { return port_; }
    /// Processor time so far, of all of its threads.
    [[nodiscard]] double cpu_ns() const;
    /// What it has in memory and shares with nobody, and its page tables.
    [[nodiscard]] double private_bytes() const;

    /// Asks it to end, and gives what it has written to standard error. Once.
    [[nodiscard]] std::string stop();

private:
    pid_t process_ = -1;
    int port_ = 0;
    int errors_ = -1;
};

/// What a benchmark of echo servers was asked for.
class echo_request {
public:
    std::string_view server;
    int connections = 0;
    double seconds = 0.6;

    [[nodiscard]] std::size_t connections_or(std::size_t usual) const {
        return connections > 0 ? static_cast<std::size_t>(connections) : usual;
    }
};

/// The `main` of such a benchmark: a side is SERVER or SERVER-CONNECTIONS, a further argument the
/// seconds to measure for. Returns the exit status.
int run_echo(int argc, char** argv, std::string_view metric,
             double (*measure)(const echo_request& asked));

/// A figure for who runs a benchmark by hand; printed after the one that counts.
void remark(std::string_view what, double value);

}  // namespace bench
