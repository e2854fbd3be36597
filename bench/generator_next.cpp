// What a value costs through next(), with every check, against next() of the minimal generator.

#include "bench.hpp"
#include "bodies.hpp"

namespace {

constexpr std::uint64_t values = 100'000'000;

void check(std::uint64_t n, std::uint64_t sum) {
    bench::require(sum == n * (n - 1) / 2, "the sum of the values");
}

double measure_weft(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        auto numbers = bench::count_weft(n);
        while (const auto value = numbers.next()) sum += *value;
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

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_value",
                      {{"weft", measure_weft}, {"minimal", measure_minimal}});
}
