// A coroutine that does nothing, spawned and joined: a thousand are alive at once.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn.hpp>

#include <vector>

namespace {

constexpr std::uint64_t spawns = 2'000'000;
constexpr std::uint64_t alive = 1'000;

std::uint64_t ran = 0;

using handles = std::vector<weft::join_handle<void>>;

weft::task<> nothing() {
    ++ran;
    co_return;
}

weft::task<> spawn_tasks(std::uint64_t n) {
    handles batch;
    batch.reserve(alive);
    for (; n > 0; n -= alive) {
        for (std::uint64_t i = 0; i < alive; ++i) batch.push_back(weft::spawn(nothing()));
        for (const auto& one : batch) co_await one;
        batch.clear();
    }
}

void spawn_fibers(std::uint64_t n) {
    handles batch;
    batch.reserve(alive);
    for (; n > 0; n -= alive) {
        for (std::uint64_t i = 0; i < alive; ++i) batch.push_back(weft::spawn([] { ++ran; }));
        for (const auto& one : batch) weft::await(one);
        batch.clear();
    }
}

double measure_task(std::string_view) {
    return bench::ns_each(spawns, [](std::uint64_t n) {
        ran = 0;
        weft::run(spawn_tasks(n));
        bench::require(ran == n, "how many ran");
    });
}

double measure_fiber(std::string_view) {
    return bench::ns_each(spawns, [](std::uint64_t n) {
        ran = 0;
        weft::run(spawn_fibers, n);
        bench::require(ran == n, "how many ran");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_spawn",
                      {{"task", measure_task}, {"fiber", measure_fiber}});
}
