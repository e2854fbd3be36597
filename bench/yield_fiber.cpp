// The same as yield.cpp by Boost.Fiber.

#include "bench.hpp"

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include <vector>

namespace {

namespace fibers = boost::fibers;

constexpr std::uint64_t yields = 10'000'000;
constexpr std::uint64_t ready = 1'000;

double measure(std::string_view) {
    return bench::ns_each(yields, [](std::uint64_t n) {
        std::uint64_t done = 0;
        std::vector<fibers::fiber> all;
        all.reserve(ready);
        for (std::uint64_t i = 0; i < ready; ++i) {
            all.emplace_back([&done, n] {
                for (std::uint64_t k = 0; k < n / ready; ++k) {
                    boost::this_fiber::yield();
                    ++done;
                }
            });
        }
        for (fibers::fiber& one : all) one.join();
        bench::require(done == n, "how many yields");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_yield", {{"fiber", measure}});
}
