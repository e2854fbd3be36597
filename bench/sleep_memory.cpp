// What a sleeping coroutine costs when there are a million of them. Counted is what the process
// grows by from before there is a loop to when all sleep: control blocks, frames, stacks, timers,
// the loop itself. Resident memory, and for fibers the page tables in a row of their own.

#include "bench.hpp"
#include "stack_memory.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/sleep.hpp>
#include <weft/core/spawn.hpp>

namespace {

constexpr std::size_t sleepers = 1'000'000;
constexpr auto long_enough = std::chrono::hours(1);

std::size_t asleep = 0;

weft::task<> sleep_task() {
    ++asleep;
    co_await weft::sleep(long_enough);
}

void sleep_fiber() {
    ++asleep;
    weft::await(weft::sleep(long_enough));
}

/// Spawns them, waits until all of them sleep, and ends the process with the answer: to cancel
/// them would take longer than all before.
template <class Spawn, class Answer>
double measure(Spawn spawn, Answer answer) {
    const bench::memory_meter meter;
    // To spawn so many takes longer than a coroutine may keep its thread.
    weft::run(weft::options().watchdog(std::chrono::seconds(10)), [&] {
        for (std::size_t i = 0; i < sleepers; ++i) spawn();
        while (asleep < sleepers) weft::await(weft::yield_now());
        answer(meter);
    });
    return 0;
}

double measure_task(std::string_view) {
    return measure([] { weft::spawn(sleep_task()).detach(); },
                   [](const bench::memory_meter& meter) {
                       bench::answer("bytes_per_task", meter.resident_kib_each(sleepers) * 1024);
                   });
}

double measure_fiber(std::string_view) {
    return measure([] { weft::spawn(sleep_fiber).detach(); },
                   [](const bench::memory_meter& meter) {
                       bench::answer("KiB_per_fiber", meter.resident_kib_each(sleepers));
                   });
}

double measure_tables(std::string_view) {
    return measure([] { weft::spawn(sleep_fiber).detach(); },
                   [](const bench::memory_meter& meter) {
                       bench::answer("KiB_per_fiber", meter.tables_kib_each(sleepers));
                   });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "none",
        {{"task", measure_task}, {"fiber", measure_fiber}, {"fiber-tables", measure_tables}});
}
