// An item of 64 bytes to a consumer in another process, through forked().

#include "bench.hpp"

#include <weft/pipeline/forked.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace {

struct item {
    std::array<std::uint64_t, 8> numbers;
};

weft::consumer<item> sum_until(std::uint64_t right) {
    std::uint64_t sum = 0;
    try {
        for (;;) {
            const item one = co_await weft::receive;
            sum += one.numbers[0] + one.numbers[7];
        }
    } catch (const weft::generator_exit&) {
        if (sum != right) throw std::logic_error("the sum is wrong");
    }
}

void pass(std::uint64_t n) {
    auto to = weft::forked(sum_until, n * (n + 1));
    item one{};
    for (std::uint64_t i = 1; i <= n; ++i) {
        one.numbers[0] = one.numbers[7] = i;
        to.send(one);
    }
    to.close();  // throws what the child has found wrong
}

// On the wall: two processes work at a time. With its start and its end.
double measure_forked(std::string_view) {
    constexpr std::uint64_t items = 10'000'000;
    pass(items / 10);
    const auto start = std::chrono::steady_clock::now();
    pass(items);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(items);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_item", {{"64", measure_forked}});
}
