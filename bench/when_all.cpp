// A task that does nothing, one of a thousand that are awaited together.

#include "bench.hpp"

#include <weft/core/run.hpp>
#include <weft/core/when_all.hpp>

#include <utility>
#include <vector>

namespace {

constexpr std::uint64_t tasks = 2'000'000;
constexpr std::uint64_t together = 1'000;

weft::task<std::uint64_t> ready(std::uint64_t n) {
    co_return n;
}

/// Gives the sum of what they return.
weft::task<std::uint64_t> await_all(std::uint64_t n) {
    std::uint64_t sum = 0;
    for (; n > 0; n -= together) {
        std::vector<weft::task<std::uint64_t>> batch;
        batch.reserve(together);
        for (std::uint64_t i = 0; i < together; ++i) batch.push_back(ready(i));
        const auto results = co_await weft::when_all(std::move(batch));
        for (const std::uint64_t one : results) sum += one;
    }
    co_return sum;
}

double measure(std::string_view) {
    return bench::ns_each(tasks, [](std::uint64_t n) {
        const std::uint64_t sum = weft::run(await_all(n));
        bench::require(sum == n / together * (together * (together - 1) / 2), "what they returned");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_task", {{"weft", measure}});
}
