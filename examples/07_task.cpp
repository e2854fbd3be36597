// A task is a coroutine that can wait. Nothing of it runs until it is awaited or spawned; several
// that were spawned wait at the same time, on one thread.

#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

weft::task<std::string> fetch(std::string page, std::chrono::milliseconds delay) {
    std::cout << "GET " << page << '\n';
    co_await weft::sleep(delay);  // where a real one would wait for the network
    co_return "<h1>" + page + "</h1>";
}

weft::task<std::size_t> crawl() {
    const std::string index = co_await fetch("index", 5ms);  // one after the other
    std::cout << index << '\n';

    auto news = weft::spawn(fetch, std::string("news"), 20ms);  // at the same time
    auto about = weft::spawn(fetch, std::string("about"), 10ms);
    const std::string both = co_await news + co_await about;
    std::cout << both << '\n';
    co_return index.size() + both.size();
}

int main() {
    // What a task returns or throws reaches who awaits it, and in the end run().
    std::cout << weft::run(crawl()) << " bytes\n";
}
