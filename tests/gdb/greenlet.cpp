// What tests/gdb/greenlet_test.py looks at: a breakpoint some calls deep inside a greenlet.

#include "weft/core/greenlet.hpp"

namespace {

/// The breakpoint.
[[gnu::noinline]] void stop_here(int depth) {
    asm volatile("" : : "r"(depth) : "memory");
}

[[gnu::noinline]] void dive(int depth) {
    if (depth == 3)
        stop_here(depth);
    else
        dive(depth + 1);
    asm volatile("" : : : "memory");
}

}  // namespace

int main() {
    weft::greenlet outer([] {
        weft::greenlet inner([](int depth) { dive(depth); });
        inner.switch_to(1);
    });
    outer.switch_to();
    return 0;
}
