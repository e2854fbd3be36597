#pragma once

#include <algorithm>
#include <array>
#include <chrono>

/// Times for the programs that show a figure. What is compared for good is in `weft bench`.
namespace weft::tour {

/// The compiler must assume that `value` is read and changed here.
template <class T>
inline void opaque(T& value) {
    asm volatile("" : "+m"(value) : : "memory");
}

/// Nanoseconds of one of `count` calls of `work(i)`: the best of five rounds, as others use the
/// machine.
template <class Work>
double nanoseconds_each(int count, Work&& work) {
    std::array<double, 5> rounds{};
    for (double& round : rounds) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) work(i);
        const std::chrono::duration<double, std::nano> took =
            std::chrono::steady_clock::now() - start;
        round = took.count() / count;
    }
    return *std::ranges::min_element(rounds);
}

}  // namespace weft::tour
