// The fibers of sleep_memory.cpp by Boost.Fiber, on stacks of 16 KiB without guards.

#include "bench.hpp"
#include "stack_memory.hpp"

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/fixedsize_stack.hpp>
#include <boost/fiber/operations.hpp>

#include <chrono>
#include <memory>

namespace {

namespace fibers = boost::fibers;

constexpr std::size_t sleepers = 100'000;
constexpr std::size_t stack_bytes = 16 * 1024;

double measure(std::string_view) {
    const bench::memory_meter meter;
    std::size_t asleep = 0;
    fibers::fixedsize_stack stacks(stack_bytes);
    for (std::size_t i = 0; i < sleepers; ++i) {
        fibers::fiber(std::allocator_arg, stacks, [&asleep] {
            ++asleep;
            boost::this_fiber::sleep_for(std::chrono::hours(1));
        }).detach();
    }
    while (asleep < sleepers) boost::this_fiber::yield();
    bench::answer("KiB_per_fiber", meter.resident_kib_each(sleepers));
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "KiB_per_fiber", {{"fiber", measure}});
}
