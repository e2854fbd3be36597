#pragma once

#include "load_plan.hpp"

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

/// What `weft conversations` does.
namespace weft::tool {

struct conversations_request {
    std::size_t connections = 10'000;
    double seconds = 3;
    std::size_t size = 64;
    coroutine_kind kind = coroutine_kind::both;
    bool json = false;
};

/// A server in this process and a client in a child of it. Exit status: 1 when a connection could
/// not be held, broke, or was not closed again.
[[nodiscard]] int run_conversations(const conversations_request& request);

}  // namespace weft::tool
