// What a node costs when a recursive generator walks a binary tree in order, delegating to itself
// at each level: at depth 20, and at depth 5 over as many nodes in all.

#include "bench.hpp"

#include <weft/core/generator.hpp>

#include <cstdint>

namespace {

constexpr std::uint64_t nodes = 8'000'000;

// The nodes are the numbers in [first, last), the root is the one in the middle. A full tree.
weft::generator<std::uint64_t> walk(std::uint64_t first, std::uint64_t last) {
    const std::uint64_t middle = (first + last) / 2;
    if (first < middle) co_yield weft::from(walk(first, middle));
    co_yield middle;
    if (middle + 1 < last) co_yield weft::from(walk(middle + 1, last));
}

double measure(unsigned depth) {
    const std::uint64_t size = (std::uint64_t{1} << depth) - 1;
    const std::uint64_t trees = nodes / size + 1;
    const auto walk_all = [size](std::uint64_t n) {
        for (std::uint64_t left = (n + size - 1) / size; left > 0; --left) {
            std::uint64_t sum = 0;
            for (const std::uint64_t node : walk(0, size)) sum += node;
            bench::require(sum == size * (size - 1) / 2, "the sum of the nodes");
        }
    };
    return bench::ns_each(trees * size, walk_all);
}

double measure_20(std::string_view) {
    return measure(20);
}
double measure_5(std::string_view) {
    return measure(5);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_node", {{"depth20", measure_20}, {"depth5", measure_5}});
}
