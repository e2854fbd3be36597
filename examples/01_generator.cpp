// A generator is a function that stops at each co_yield and goes on when the next value is asked
// for. It is a range: the standard library's views work on it, and it may be endless.

#include <weft/weft.hpp>

#include <iostream>
#include <ranges>

weft::generator<long> fibonacci() {
    long x = 1;
    long y = 2;
    for (;;) {
        co_yield x;
        const long next = x + y;
        x = y;
        y = next;
    }
}

int main() {
    const auto is_even = [](long n) { return n % 2 == 0; };

    std::cout << "even Fibonacci numbers:";
    for (long n : fibonacci() | std::views::filter(is_even) | std::views::take(8))
        std::cout << ' ' << n;
    std::cout << '\n';

    // By hand: next() is empty once the body has ended, which this one never does.
    auto numbers = fibonacci();
    while (auto n = numbers.next())
        if (*n > 1'000'000) {
            std::cout << "the first above a million: " << *n << '\n';
            break;
        }
}
