// The switch of greenlet_switch.cpp by Boost.Context.

#include "bench.hpp"

#include <boost/context/fiber.hpp>

namespace {

constexpr std::uint64_t switches = 40'000'000;

double measure_fiber(std::string_view) {
    return bench::ns_each(switches, [](std::uint64_t n) {
        std::uint64_t there = 0;
        boost::context::fiber peer([&there](boost::context::fiber&& main) {
            for (;;) {
                ++there;
                main = std::move(main).resume();
            }
            return std::move(main);
        });
        for (std::uint64_t i = 0; i < n / 2; ++i) peer = std::move(peer).resume();
        bench::require(there == n / 2, "the switches that arrived");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_switch", {{"fiber", measure_fiber}});
}
