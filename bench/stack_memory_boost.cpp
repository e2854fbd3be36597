// The same with Boost.Context's stacks with a guard page, 30,000 of them: each takes two mappings,
// of which a process has 65,530. The guard is a page here and 64 KiB there.

#include "stack_memory.hpp"

#include "bench.hpp"

#include <boost/context/protected_fixedsize_stack.hpp>

#include <vector>

namespace {

namespace context = boost::context;

constexpr std::size_t stacks = 30'000;

double measure(std::size_t bytes) {
    const bench::memory_meter meter;
    context::protected_fixedsize_stack make(bytes);
    std::vector<context::stack_context> held;
    held.reserve(stacks);
    for (std::size_t i = 0; i < stacks; ++i) {
        held.push_back(make.allocate());
        bench::suspend_at(held.back().sp);
    }
    const double each = meter.kib_each(stacks);
    for (context::stack_context& one : held) make.deallocate(one);
    return each;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "KiB_per_stack",
        {{"boost64", [](std::string_view) { return measure(std::size_t{64} * 1024); }},
         {"boost256", [](std::string_view) { return measure(std::size_t{256} * 1024); }}});
}
