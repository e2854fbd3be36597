// A million coroutines, each of which sleeps until a deadline of its own within a second: the
// processor time of it all, from the first that is spawned to the last that has ended.

#include "bench.hpp"
#include "deadlines.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/scope.hpp>
#include <weft/core/sleep.hpp>

namespace {

std::uint64_t woken = 0;

weft::task<> sleeper(weft::clock::time_point deadline) {
    co_await weft::sleep_until(deadline);
    ++woken;
}

void spawn_all(weft::scope& s) {
    const weft::clock::time_point start = weft::clock::now();
    bench::deadlines random;
    for (std::uint64_t i = 0; i < bench::timers; ++i) s.spawn(sleeper(start + random.next()));
}

double measure(std::string_view) {
    // To spawn so many takes longer than a coroutine may keep its thread.
    const auto patient = weft::options().watchdog(std::chrono::seconds(10));
    const double start = bench::cpu_ns();
    weft::run(patient, [] { weft::await(weft::with_scope(spawn_all)); });
    bench::require(woken == bench::timers, "how many woke");
    return (bench::cpu_ns() - start) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "CPU_ms", {{"weft", measure}});
}
