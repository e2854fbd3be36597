// Coroutines take turns on one thread: only at an await does somebody else run. Where several must
// not be between the same two awaits, a mutex keeps the others out, and a semaphore all but n.

#include <weft/weft.hpp>

#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>

#include <iostream>
#include <string>

class printer {
public:
    weft::task<> print(std::string first, std::string second) {
        auto held = co_await lock_.lock();  // unlocked at the end of the block
        std::cout << first;
        co_await weft::yield_now();  // the others run, but do not print
        std::cout << second << '\n';
    }

private:
    weft::mutex lock_;
};

weft::task<> print_letters() {
    printer shared;
    co_await weft::with_scope([&shared](weft::scope& s) {
        for (const char* name : {"Ann", "Bob", "Eve"})
            s.spawn([&shared, name]() { return shared.print("Dear ", name); });
    });
}

/// The same for fibers: plain functions that wait with await().
void cross(weft::semaphore& bridge, int car, int& on_it) {
    const auto held = weft::await(bridge.hold());
    std::cout << "car " << car << " is on the bridge, with " << on_it++ << " before it\n";
    weft::await(weft::yield_now());
    --on_it;
}

void cross_all() {
    weft::semaphore bridge(2);
    int on_it = 0;
    weft::await(weft::with_scope([&](weft::scope& s) {
        for (int car = 1; car <= 4; ++car) s.spawn(cross, std::ref(bridge), car, std::ref(on_it));
    }));
}

int main() {
    weft::run(print_letters());
    weft::run(cross_all);
}
