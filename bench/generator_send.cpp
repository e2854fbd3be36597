// What it costs to send a value to a generator and be handed one back, with every check, against
// the same on the minimal generator, which checks nothing.

#include "bench.hpp"
#include "bodies.hpp"

namespace {

constexpr std::uint64_t values = 80'000'000;

void check(std::uint64_t n, std::uint64_t sum) {
    bench::require(sum == n * (n + 1) / 2, "the sum of the answers");
}

double measure_weft(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        auto echo = bench::echo_weft();
        echo.next();
        for (std::uint64_t i = 0; i < n; ++i) {
            const auto answer = echo.send(i);
            if (!answer) break;
            sum += *answer;
        }
        check(n, sum);
    });
}

double measure_minimal(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        auto echo = bench::echo_minimal();
        echo.next();
        for (std::uint64_t i = 0; i < n; ++i) {
            if (!echo.send(i)) break;
            sum += echo.value();
        }
        check(n, sum);
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_send",
                      {{"weft", measure_weft}, {"minimal", measure_minimal}});
}
