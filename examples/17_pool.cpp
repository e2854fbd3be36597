// Many items, two at a time: in order, as they come, and a worker that spawns what it finds.

#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <ranges>
#include <string>
#include <vector>

using namespace std::chrono_literals;

/// The larger, the sooner.
weft::task<int> square(int n) {
    co_await weft::sleep((6 - n) * 10ms);
    co_return n* n;
}

weft::task<> squares() {
    weft::pool two(2);
    const std::vector<int> numbers = {1, 2, 3, 4, 5};
    std::cout << "map:";
    for (const int n : co_await two.map(square, numbers)) std::cout << ' ' << n;
    std::cout << "\nimap:";
    auto endless = two.imap(square, std::views::iota(1));
    for (int i = 0; i < 5; ++i) {
        const auto next = co_await endless.next();
        std::cout << ' ' << *next;
    }
    std::cout << "\nunordered:";
    auto as_they_come = two.imap_unordered(square, std::views::iota(4, 6));
    while (const auto next = co_await as_they_come.next()) std::cout << ' ' << *next;
    std::cout << '\n';
}

/// Each page links to two more. A full pool does not stop a worker: it does the work itself.
void crawl(weft::pool& workers, int depth, int& pages) {
    ++pages;
    weft::await(weft::sleep(1ms));
    for (int link = 0; link < 2 && depth > 0; ++link)
        weft::await(workers.spawn(crawl, std::ref(workers), depth - 1, std::ref(pages))).detach();
}

int main() {
    weft::run(squares());
    weft::run([] {
        weft::pool workers(2);
        int pages = 0;
        weft::await(workers.spawn(crawl, std::ref(workers), 4, std::ref(pages))).detach();
        weft::await(workers.join());
        std::cout << pages << " pages\n";
    });
}
