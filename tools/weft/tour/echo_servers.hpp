#pragma once

#include "echo_load.hpp"

#include "weft/base/fd.hpp"
#include "weft/core/driver.hpp"
#include "weft/net/address.hpp"
#include "weft/sync/shared_event.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

/// Echo servers of several kinds, on threads of their own.
namespace weft::tour {

/// Serves a socket that listens until `stop` is set, or until accept(2) fails, which it does when
/// the socket is shut down; then until its last connection has ended.
using serve_echo = std::function<void(unique_fd listening, shared_event& stop)>;

struct echo_model {
    const char* name;
    int lines;  ///< of its source text
    serve_echo serve;
    /// A program that knows nothing of `stop`.
    bool ends_by_shutdown;
};

/// The same echo server five times.
[[nodiscard]] std::vector<echo_model> echo_models();

using make_driver_call = std::function<std::unique_ptr<driver>()>;
/// Some of them on loops of their own drivers.
[[nodiscard]] serve_echo echo_by_tasks(make_driver_call make);
[[nodiscard]] serve_echo echo_by_fibers(make_driver_call make);
[[nodiscard]] serve_echo echo_by_threads();

/// What the clients found, and the processor time of the server.
struct echo_measurement {
    load_result load;
    std::chrono::nanoseconds server_cpu{};
};
/// Runs a server while clients talk to it. Throws what the server throws.
[[nodiscard]] echo_measurement measure_echo(const echo_model& model, const load_plan& plan);

}  // namespace weft::tour
