#pragma once

#include "load_plan.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

/// What a load came to, for people and for machines.
namespace weft::tool {

/// Several lines.
[[nodiscard]] std::string summary_of(const load_plan& plan, const load_result& result);
/// "p50 8.12 ms   p90 …": one line.
[[nodiscard]] std::string latencies_of(const latency_histogram& latency);
/// One object. Times are in nanoseconds unless the name says seconds.
[[nodiscard]] nlohmann::ordered_json json_of(const load_plan& plan, const load_result& result);

}  // namespace weft::tool
