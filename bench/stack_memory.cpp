// What a suspended stack with its guard costs when there are a million of them: the stack alone,
// and as a suspended greenlet, with its control block and the handle to it. The bars are those of
// the design: in KiB, as sides of their own.

#include "stack_memory.hpp"

#include "bench.hpp"

#include "weft/core/greenlet.hpp"
#include "weft/machine/stack.hpp"

#include <vector>

namespace {

constexpr std::size_t stacks = 1'000'000;

double measure(std::size_t bytes) {
    const bench::memory_meter meter;
    std::vector<weft::stack> held;
    held.reserve(stacks);
    for (std::size_t i = 0; i < stacks; ++i) {
        held.push_back(weft::stack::acquire(bytes));
        bench::suspend_at(held.back().top());
    }
    return meter.kib_each(stacks);
}

double measure_greenlets(std::size_t bytes) {
    const bench::memory_meter meter;
    weft::greenlet main = weft::greenlet::current();
    std::size_t begun = 0;
    std::vector<weft::greenlet> held;
    held.reserve(stacks);
    for (std::size_t i = 0; i < stacks; ++i) {
        held.emplace_back(
            [&main, &begun] {
                ++begun;
                main.switch_to();
            },
            weft::greenlet_options{}.stack(bytes));
        held.back().switch_to();
    }
    bench::require(begun == stacks, "how many are suspended");
    return meter.kib_each(stacks);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "KiB_per_stack",
        {{"weft64", [](std::string_view) { return measure(std::size_t{64} * 1024); }},
         {"greenlet64", [](std::string_view) { return measure_greenlets(std::size_t{64} * 1024); }},
         {"bar64", [](std::string_view) { return 4.4; }},
         {"weft256", [](std::string_view) { return measure(std::size_t{256} * 1024); }},
         {"greenlet256",
          [](std::string_view) { return measure_greenlets(std::size_t{256} * 1024); }},
         {"bar256", [](std::string_view) { return 4.75; }}});
}
