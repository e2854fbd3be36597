// The same as spawn_join.cpp by Boost.Fiber, its stacks from a pool: without guards, and half as
// large.

#include "bench.hpp"

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/fiber/pooled_fixedsize_stack.hpp>

#include <memory>
#include <vector>

namespace {

namespace fibers = boost::fibers;

constexpr std::uint64_t spawns = 2'000'000;
constexpr std::uint64_t alive = 1'000;

std::uint64_t ran = 0;

double measure(std::string_view) {
    return bench::ns_each(spawns, [](std::uint64_t n) {
        ran = 0;
        fibers::pooled_fixedsize_stack pool;
        std::vector<fibers::fiber> batch;
        batch.reserve(alive);
        for (std::uint64_t left = n; left > 0; left -= alive) {
            for (std::uint64_t i = 0; i < alive; ++i)
                batch.emplace_back(std::allocator_arg, pool, [] { ++ran; });
            for (fibers::fiber& one : batch) one.join();
            batch.clear();
        }
        bench::require(ran == n, "how many ran");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_spawn", {{"fiber", measure}});
}
