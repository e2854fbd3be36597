#pragma once

#include <cstddef>
#include <string>

/// What `weft serve` was asked to do, and doing it.
namespace weft::tool {

struct serve_request {
    std::string listen = "127.0.0.1:8080";
    bool echo = false;  // which it is without `upper`
    bool upper = false;
    bool lines = false;
    bool fibers = false;
    bool log = false;
    bool reuse_port = false;
    std::size_t max_connections = 0;  // 0: no limit of its own
    double drain_seconds = 30;
    std::size_t threads = 1;
};

/// Until SIGINT or SIGTERM. Throws what keeps it from listening. Exit status.
[[nodiscard]] int run_serve(const serve_request& request);

}  // namespace weft::tool
