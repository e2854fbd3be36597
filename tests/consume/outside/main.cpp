// The smallest program that uses weft: prints 3 2 1, and fails if it counted otherwise. Then the
// same by a greenlet, in two threads, and by a fiber that a task waits for: switches, and what a
// thread knows of its greenlets and of its loop, are on both sides of a shared library's border.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <weft/weft.hpp>
#ifdef WITH_XML
#include <weft/xml/xml_events.hpp>
#endif

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

int count_by_fiber() {
    int digits = 0;
    for (const int n : count(3)) {
        weft::await(weft::sleep(std::chrono::microseconds(1)));
        digits = digits * 10 + n;
    }
    return digits;
}
weft::task<int> count_by_task() {
    auto counter = weft::spawn(count_by_fiber);
    co_return co_await counter;
}

/// An event, and an error that crosses the border of the component's library.
bool counts_in_xml() {
#ifdef WITH_XML
    try {
        for (const weft::xml_event& event : weft::xml_events(weft::xml_text("<three></two>")))
            if (!event.is_start("three")) return false;
        return false;
    } catch (const weft::xml_error& error) {
        return error.line() == 1;
    }
#else
    return true;
#endif
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
    const int looped = weft::run(count_by_task());
    return digits == 321 && here == 321 && there == 321 && looped == 321 && counts_in_xml() ? 0 : 1;
}
