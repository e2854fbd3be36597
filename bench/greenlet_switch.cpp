// A switch between two peers, one way: a greenlet, against `fiber` of Boost.Context, which switches
// without a check and without a name for who runs.

#include "bench.hpp"

#include <weft/core/greenlet.hpp>

namespace {

constexpr std::uint64_t switches = 40'000'000;

double measure_weft(std::string_view) {
    return bench::ns_each(switches, [](std::uint64_t n) {
        std::uint64_t there = 0;
        weft::greenlet main = weft::greenlet::current();
        weft::greenlet peer([&main, &there] {
            for (;;) {
                ++there;
                main.switch_to();
            }
        });
        for (std::uint64_t i = 0; i < n / 2; ++i) peer.switch_to();
        bench::require(there == n / 2, "the switches that arrived");
    });
}

double measure_value(std::string_view) {
    return bench::ns_each(switches, [](std::uint64_t n) {
        std::uint64_t sum = 0;
        weft::greenlet main = weft::greenlet::current();
        weft::greenlet peer([&main](std::uint64_t value) {
            for (;;) value = main.switch_to<std::uint64_t>(value + 1);
        });
        for (std::uint64_t i = 0; i < n / 2; ++i) sum += peer.switch_to<std::uint64_t>(i) - i;
        bench::require(sum == n / 2, "the values that came back");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_switch",
                      {{"weft", measure_weft}, {"value", measure_value}});
}
