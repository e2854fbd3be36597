#pragma once

#include "load_plan.hpp"

#include "weft/core/task.hpp"

#include <functional>

namespace weft::tool {

/// What happens between connecting and talking, when all are connected or were refused; for who
/// wants to look at so many silent connections.
using load_pause = std::function<task<>(const load_result& so_far)>;

/// Connects, talks and measures, and closes all again; a task of a loop. Throws when not even the
/// first connection can be made; later ones that fail, or break, are counted and made again.
/// SIGINT and SIGTERM end it early.
[[nodiscard]] task<load_result> run_load(load_plan plan, load_pause pause = {});

}  // namespace weft::tool
