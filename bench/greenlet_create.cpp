// Made, run to its end and destroyed, on a stack from the pool.

#include "bench.hpp"

#include <weft/core/greenlet.hpp>

namespace {

constexpr std::uint64_t greenlets = 5'000'000;

double measure_weft(std::string_view) {
    return bench::ns_each(greenlets, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < n; ++i) {
            weft::greenlet one([&sum] { ++sum; });
            one.switch_to();
        }
        bench::require(sum == n, "how many ran");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_greenlet", {{"weft", measure_weft}});
}
