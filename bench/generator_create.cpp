// What it costs to create a generator, take one value and destroy it: weft's frame comes from its
// frame pool, the minimal generator's from operator new.

#include "bench.hpp"
#include "bodies.hpp"

namespace {

constexpr std::uint64_t generators = 10'000'000;

double measure_weft(std::string_view) {
    return bench::ns_each(generators, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < n; ++i) {
            auto numbers = bench::count_weft(2);
            if (const auto value = numbers.next()) sum += *value + 1;
        }
        bench::require(sum == n, "the sum of the values");
    });
}

double measure_minimal(std::string_view) {
    return bench::ns_each(generators, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < n; ++i) {
            auto numbers = bench::count_minimal(2);
            if (numbers.next()) sum += numbers.value() + 1;
        }
        bench::require(sum == n, "the sum of the values");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_generator",
                      {{"weft", measure_weft}, {"minimal", measure_minimal}});
}
