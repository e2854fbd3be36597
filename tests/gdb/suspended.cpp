// What tests/gdb/gdb_test.py looks into: generators and a consumer in every state, at one place.

#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"

#include <string>
#include <vector>

namespace {

weft::generator<int> haha(int start, const std::string& who) {
    int b = start;
    const int c = 10;
    const std::string text = who + "!";
    co_yield b;
    b += c;
    for (int i = 0; i < 3; ++i) {
        const std::vector<int> inner{1, 2, i};
        co_yield b + inner[1];
    }
}

weft::generator<int> outer() {
    const int level = 1;
    co_yield weft::from(haha(level, "inner"));
}

weft::consumer<int> total(int limit) {
    int sum = 0;
    while (sum < limit) {
        const int item = co_await weft::receive;
        sum += item;
    }
}

/// The breakpoint.
[[gnu::noinline]] void look_here(const void* first) {
    asm volatile("" : : "r"(first) : "memory");
}

}  // namespace

int main() {
    auto fresh = haha(1, "fresh");
    auto g = haha(1, "kaka");
    g.next();
    look_here(&g);
    g.next();
    auto delegating = outer();
    delegating.next();
    auto sink = total(100);
    sink.send(5);
    auto finished = haha(1, "done");
    while (finished.next()) {}
    int plain = 3;
    look_here(&plain);
    return static_cast<int>(fresh.frame_bytes() == 0);
}
