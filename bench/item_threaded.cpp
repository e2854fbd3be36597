// An item to a consumer on another thread, through threaded(): a bounded buffer of 1,024.

#include "bench.hpp"

#include <weft/pipeline/sinks.hpp>
#include <weft/pipeline/threaded.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace {

weft::consumer<std::uint64_t> sum_into(std::uint64_t& sum) {
    for (;;) sum += co_await weft::receive;
}

void send(weft::consumer<std::uint64_t> to, std::uint64_t n) {
    for (std::uint64_t i = 1; i <= n; ++i) to.send(i);
    to.close();
}

// On the wall: two threads work at a time.
template <class Make>
double ns_each_item(std::uint64_t items, Make make) {
    const auto pass = [&](std::uint64_t n) {
        std::uint64_t sum = 0;
        send(make(sum), n);
        bench::require(sum == n * (n + 1) / 2, "the sum of what was sent");
    };
    pass(items / 10);
    const auto start = std::chrono::steady_clock::now();
    pass(items);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(items);
}

double measure_threaded(std::string_view) {
    return ns_each_item(20'000'000,
                        [](std::uint64_t& sum) { return weft::threaded(1024, sum_into(sum)); });
}
double measure_direct(std::string_view) {
    return ns_each_item(50'000'000, sum_into);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_item",
                      {{"1024", measure_threaded}, {"direct", measure_direct}});
}
