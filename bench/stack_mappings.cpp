// How many mappings a million stacks with guards take, and a million suspended greenlets, whose
// blocks lie elsewhere. A handful is twelve.

#include "stack_memory.hpp"

#include "bench.hpp"

#include "weft/core/greenlet.hpp"
#include "weft/machine/stack.hpp"

#include <algorithm>
#include <vector>

namespace {

constexpr std::size_t stacks = 1'000'000;

double measure(std::string_view) {
    const bench::memory_meter meter;
    std::vector<weft::stack> held;
    held.reserve(stacks);
    for (std::size_t i = 0; i < stacks; ++i) held.push_back(weft::stack::acquire());
    return std::max(1.0, meter.mappings());
}

double measure_greenlets(std::string_view) {
    const bench::memory_meter meter;
    weft::greenlet main = weft::greenlet::current();
    std::vector<weft::greenlet> held;
    held.reserve(stacks);
    for (std::size_t i = 0; i < stacks; ++i) {
        held.emplace_back([&main] { main.switch_to(); });
        held.back().switch_to();
    }
    return std::max(1.0, meter.mappings());
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "mappings",
                      {{"weft", measure},
                       {"greenlets", measure_greenlets},
                       {"bar", [](std::string_view) { return 12.0; }}});
}
