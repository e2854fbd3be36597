// What a value costs in a range-for over a generator, against the least that can be called one.

#include "bench.hpp"
#include "bodies.hpp"
#include "child.hpp"

namespace {

constexpr std::uint64_t values = 100'000'000;

void check(std::uint64_t n, std::uint64_t sum) {
    bench::require(sum == n * (n - 1) / 2, "the sum of the values");
}

double measure_weft(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        for (const std::uint64_t value : bench::count_weft(n)) sum += value;
        check(n, sum);
    });
}

double measure_minimal(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        auto numbers = bench::count_minimal(n);
        while (numbers.next()) sum += numbers.value();
        check(n, sum);
    });
}

// Does not return: the script measures and prints for itself.
double measure_python(std::string_view) {
    bench::become({"python3", bench::beside_this_program("generator.py")});
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "ns_per_value",
        {{"weft", measure_weft}, {"minimal", measure_minimal}, {"python", measure_python}});
}
