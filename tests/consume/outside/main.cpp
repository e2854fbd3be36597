// The smallest program that uses weft: prints 3 2 1, and fails if it counted otherwise. Then the
// same by a greenlet, in two threads: the switch and what a thread knows of its greenlets are on
// both sides of a shared library's border.
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <weft/weft.hpp>

weft::generator<int> count(int n) {
    while (n > 0) co_yield n--;
}

int count_by_greenlet() {
    weft::greenlet main = weft::greenlet::current();
    weft::greenlet counter([&main](int n) {
        for (; n > 0; --n) main.switch_to(n);
        throw std::runtime_error("counted");
    });
    int digits = counter.switch_to<int>(3);
    try {
        for (;;) digits = digits * 10 + counter.switch_to<int>();
    } catch (const std::runtime_error&) {
        return digits;
    }
}

int main() {
    int digits = 0;
    for (const int n : count(3)) {
        std::printf("%d\n", n);
        digits = digits * 10 + n;
    }
    int here = 0;
    int there = 0;
    std::thread([&there] { there = count_by_greenlet(); }).join();
    here = count_by_greenlet();
    return digits == 321 && here == 321 && there == 321 ? 0 : 1;
}
