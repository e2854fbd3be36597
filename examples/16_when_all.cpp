// Several things at once: all of them, or the first.

#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

weft::task<std::string> fetch(std::string page, std::chrono::milliseconds delay) {
    try {
        co_await weft::sleep(delay);
        if (page == "gone") throw std::runtime_error("404");
        co_return "<" + page + ">";
    } catch (const weft::cancelled&) {
        std::cout << page << " was cancelled\n";
        throw;
    }
}

weft::task<> all() {
    const auto [a, b] = co_await weft::when_all(fetch("a", 2ms), fetch("b", 1ms));
    std::cout << "all: " << a << ' ' << b << '\n';
}

weft::task<> one_fails() {
    try {
        co_await weft::when_all(fetch("slow", 1h), fetch("gone", 1ms));
    } catch (const std::runtime_error& e) {
        std::cout << "failed: " << e.what() << '\n';  // when "slow" has ended, too
    }
}

weft::task<> quickest() {
    auto first = co_await weft::when_any(fetch("far", 1h), fetch("near", 1ms));
    std::cout << "first: number " << first.index() << ", " << first.get<1>().value() << '\n';
}

int main() {
    weft::run(all());
    weft::run(one_fails());
    weft::run(quickest());
    // The same in a fiber.
    weft::run([] {
        const auto [a, nothing] =
            weft::await(weft::when_all(fetch("fiber", 1ms), weft::sleep(2ms)));
        std::cout << a << '\n';
    });
}
