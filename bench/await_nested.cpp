// A child task awaited: called, begun, ended, its result taken, its frame back in the pool.

#include "await_nested.hpp"

#include "bench.hpp"

#include "weft/machine/frame_pool.hpp"

#include <weft/core/run.hpp>

namespace {

constexpr std::uint64_t awaits = 50'000'000;

weft::task<std::uint64_t> count_to(std::uint64_t n) {
    std::uint64_t reached = 0;
    for (std::uint64_t i = 0; i < n; ++i) reached = co_await bench::successor(reached);
    co_return reached;
}

double measure(std::string_view) {
    return bench::ns_each(awaits, [](std::uint64_t n) {
        const auto before = weft::frame_pool_stats();
        bench::require(weft::run(count_to(n)) == n, "the sum");
        const auto after = weft::frame_pool_stats();
        bench::require(after.allocated >= before.allocated + n, "a frame for each child");
        bench::require(after.from_system == before.from_system, "no frame from the system");
        bench::require(after.freed - before.freed == after.allocated - before.allocated,
                       "every frame back in the pool");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_await", {{"weft", measure}});
}
