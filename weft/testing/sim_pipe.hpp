#pragma once

#include "weft/base/export.hpp"
#include "weft/testing/sim_endpoint.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace weft::testing {

/// What Linux gives a pipe (pipe(7)).
inline constexpr std::size_t sim_pipe_capacity_default = std::size_t{64} * 1024;

/// The two ends of a new pipe in memory: the one to read from, then the one to write to.
/// Destroying an end closes it: a reader then meets the end of the data, a writer EPIPE.
///
/// Unlike a real pipe it writes a part of few bytes when there is no room for all of them, as a
/// socket does: whoever relies on PIPE_BUF finds out.
[[nodiscard]] WEFT_EXPORT std::array<std::shared_ptr<sim_endpoint>, 2> make_sim_pipe(
    std::size_t capacity = sim_pipe_capacity_default);

}  // namespace weft::testing
