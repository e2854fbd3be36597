// A mutex that nobody else wants, locked and unlocked: Boost.Fiber.

#include "bench.hpp"

#include <boost/fiber/all.hpp>

#include <mutex>

namespace {

constexpr std::uint64_t locks = 20'000'000;

double measure(std::string_view) {
    return bench::ns_each(locks, [](std::uint64_t n) {
        boost::fibers::fiber([n] {
            boost::fibers::mutex m;
            std::uint64_t done = 0;
            for (std::uint64_t i = 0; i < n; ++i) {
                const std::lock_guard held(m);
                ++done;
                bench::keep(done);
            }
            bench::require(done == n, "how many locks");
        }).join();
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_lock", {{"fiber", measure}});
}
