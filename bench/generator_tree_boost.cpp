// The tree of generator_tree.cpp by Boost.Coroutine2: one coroutine with a stack, and plain
// recursion.

#include "bench.hpp"

#include <boost/coroutine2/coroutine.hpp>

#include <cstdint>

namespace {

using coroutine = boost::coroutines2::coroutine<std::uint64_t>;

constexpr std::uint64_t nodes = 8'000'000;
constexpr std::uint64_t size = (std::uint64_t{1} << 20) - 1;

void walk(coroutine::push_type& yield, std::uint64_t first, std::uint64_t last) {
    const std::uint64_t middle = (first + last) / 2;
    if (first < middle) walk(yield, first, middle);
    yield(middle);
    if (middle + 1 < last) walk(yield, middle + 1, last);
}

double measure_20(std::string_view) {
    const std::uint64_t trees = nodes / size + 1;
    return bench::ns_each(trees * size, [](std::uint64_t n) {
        for (std::uint64_t left = (n + size - 1) / size; left > 0; --left) {
            std::uint64_t sum = 0;
            coroutine::pull_type tree_nodes([](auto& yield) { walk(yield, 0, size); });
            for (const std::uint64_t node : tree_nodes) sum += node;
            bench::require(sum == size * (size - 1) / 2, "the sum of the nodes");
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_node", {{"depth20", measure_20}});
}
