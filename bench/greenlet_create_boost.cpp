// The same as greenlet_create.cpp by Boost.Context with its pooled allocator.

#include "bench.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>

#include <memory>

namespace {

constexpr std::uint64_t fibers = 5'000'000;

double measure_pooled(std::string_view) {
    return bench::ns_each(fibers, [](std::uint64_t n) {
        boost::context::pooled_fixedsize_stack pool;
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < n; ++i) {
            boost::context::fiber one(std::allocator_arg, pool,
                                      [&sum](boost::context::fiber&& main) {
                                          ++sum;
                                          return std::move(main);
                                      });
            one = std::move(one).resume();
        }
        bench::require(sum == n, "how many ran");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_greenlet", {{"pooled", measure_pooled}});
}
