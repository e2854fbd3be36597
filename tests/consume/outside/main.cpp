// The smallest program that uses weft: prints 3 2 1, and fails if it counted otherwise.
#include <cstdio>
#include <weft/weft.hpp>

weft::generator<int> count(int n) {
    while (n > 0) co_yield n--;
}

int main() {
    int digits = 0;
    for (const int n : count(3)) {
        std::printf("%d\n", n);
        digits = digits * 10 + n;
    }
    return digits == 321 ? 0 : 1;
}
