#include "load_report.hpp"

#include "figures.hpp"

#include <array>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace weft::tool {
namespace {

constexpr std::array<std::pair<const char*, double>, 4> quantiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

const char* name_of(coroutine_kind kind) {
    switch (kind) {
        case coroutine_kind::task: return "tasks";
        case coroutine_kind::fiber: return "fibers";
        case coroutine_kind::both: break;
    }
    return "tasks and fibers";
}

std::string errors_of(const load_result& result) {
    std::string text;
    for (const auto& [kind, number] : result.errors)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_commas(number), kind);
    return text.empty() ? "none" : text;
}

}  // namespace

std::string latencies_of(const latency_histogram& latency) {
    std::string text;
    for (const auto& [name, fraction] : quantiles)
        text += fmt::format("{} {}   ", name, readable_time(latency.at(fraction)));
    return text + "max " + readable_time(latency.max());
}

std::string summary_of(const load_plan& plan, const load_result& result) {
    const auto bytes = static_cast<double>(result.requests) * static_cast<double>(plan.size);
    const double seconds = result.seconds > 0 ? result.seconds : 1;
    std::string text;
    const auto line = [&text](const char* name, const std::string& what) {
        text += fmt::format("{:<13}{}\n", name, what);
    };
    line("connections",
         fmt::format("{} of {}, made in {:.2f} s; {}", with_commas(result.connected),
                     with_commas(plan.connections), result.connecting_seconds, name_of(plan.kind)));
    line("measured",
         fmt::format("{:.2f} s{}", result.seconds, result.interrupted ? " (interrupted)" : ""));
    line("requests",
         fmt::format("{}, {} a second, of {} there and back", with_commas(result.requests),
                     with_commas(static_cast<std::uint64_t>(result.requests_a_second())),
                     counted(plan.size, "byte")));
    line("bytes",
         fmt::format("{} each way, {}/s", readable_bytes(bytes), readable_bytes(bytes / seconds)));
    line("latency", latencies_of(result.latency));
    line("errors", errors_of(result));
    return text;
}

nlohmann::ordered_json json_of(const load_plan& plan, const load_result& result) {
    nlohmann::ordered_json latency;
    for (const auto& [name, fraction] : quantiles)
        latency[name] = result.latency.at(fraction).count();
    latency["max"] = result.latency.max().count();
    nlohmann::ordered_json all;
    all["target"] = plan.target;
    all["connections"] = plan.connections;
    all["connected"] = result.connected;
    all["connecting_seconds"] = result.connecting_seconds;
    all["coroutines"] = name_of(plan.kind);
    all["size"] = plan.size;
    all["seconds"] = result.seconds;
    all["interrupted"] = result.interrupted;
    all["requests"] = result.requests;
    all["requests_per_second"] = result.requests_a_second();
    all["bytes_each_way"] = result.requests * plan.size;
    all["latency_ns"] = latency;
    all["errors"] = nlohmann::ordered_json::object();
    for (const auto& [kind, number] : result.errors) all["errors"][kind] = number;
    return all;
}

}  // namespace weft::tool
