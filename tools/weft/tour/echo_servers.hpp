#pragma once

#include "echo_load.hpp"

#include "weft/base/fd.hpp"
#include "weft/core/driver.hpp"
#include "weft/net/address.hpp"
#include "weft/sync/shared_event.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
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
    const char* driver;  ///< "blocks" when it has none
    int lines;           ///< of its source text
    serve_echo serve;
    /// A program that knows nothing of `stop`.
    bool ends_by_shutdown;
};

using make_driver_call = std::function<std::unique_ptr<driver>()>;
struct echo_driver {
    const char* name;
    make_driver_call make;
    /// The kernel may have none, or refuse it.
    [[nodiscard]] bool is_here() const;
};
[[nodiscard]] std::vector<echo_driver> echo_drivers();

/// The same echo server five times; tasks and fibers on each driver that is here.
[[nodiscard]] std::vector<echo_model> echo_models();

/// Some of them on loops of their own drivers.
[[nodiscard]] serve_echo echo_by_tasks(make_driver_call make);
[[nodiscard]] serve_echo echo_by_fibers(make_driver_call make);
[[nodiscard]] serve_echo echo_by_threads();

/// What the clients found, and the processor time of the server.
struct echo_measurement {
    load_result load;
    std::chrono::nanoseconds server_cpu{};  // of its child processes too

    [[nodiscard]] double cpu_us_each() const {
        return std::chrono::duration<double, std::micro>(server_cpu).count() /
               static_cast<double>(std::max<std::uint64_t>(load.messages, 1));
    }
};
/// Runs a server while clients talk to it. Throws what the server throws.
[[nodiscard]] echo_measurement measure_echo(const echo_model& model, const load_plan& plan);
/// Bytes in memory for each of so many connections that are silent after a first message, after
/// `first` others. The kernel's buffers, the same for all, are not among them.
[[nodiscard]] double measure_echo_memory(const echo_model& model, int first, int connections);

}  // namespace weft::tour
