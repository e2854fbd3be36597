// What blocks goes to a thread; the loop goes on meanwhile.

#include <weft/io/offload.hpp>
#include <weft/weft.hpp>

#include <cstdint>
#include <iostream>
#include <stdexcept>

/// Computes for a while, and knows nothing of coroutines.
std::uint64_t count_primes(std::uint64_t below) {
    std::uint64_t count = 0;
    for (std::uint64_t n = 2; n < below; ++n) {
        bool is_prime = true;
        for (std::uint64_t d = 2; d * d <= n && is_prime; ++d) is_prime = n % d != 0;
        count += is_prime;
    }
    return count;
}

std::uint64_t fail() {
    throw std::runtime_error("no such file");
}

weft::task<> compute() {
    bool finished = false;
    int ticks = 0;
    auto ticking = weft::spawn([&] {
        for (; !finished; ++ticks) weft::await(weft::sleep(std::chrono::microseconds(100)));
    });
    // Two threads at work, while this loop ticks.
    auto few = weft::spawn([] { return weft::await(weft::offload(count_primes, 1'000)); });
    auto many = weft::spawn([] { return weft::await(weft::offload(count_primes, 100'000)); });
    std::cout << co_await few << " primes below 1,000\n";
    std::cout << co_await many << " primes below 100,000\n";
    finished = true;
    co_await ticking;
    std::cout << (ticks > 0 ? "the loop went on\n" : "the loop stood still\n");
    try {
        co_await weft::offload(fail);
    } catch (const std::runtime_error& e) {
        std::cout << "it failed: " << e.what() << '\n';
    }
}

int main() {
    weft::run(weft::options().offload_threads(2), compute);
}
