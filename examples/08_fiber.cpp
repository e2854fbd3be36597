// A fiber is a function with a stack of its own that waits by calling await(), at any depth: also
// in code that was written for threads and knows nothing of coroutines, like the sort below.

#include <weft/weft.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

/// Compares two players by asking both, which takes a while.
bool is_better(const std::string& a, const std::string& b) {
    weft::await(weft::sleep(1ms));
    return a.size() > b.size();
}

std::vector<std::string> ranking(std::vector<std::string> players) {
    // std::sort calls is_better, which suspends the fiber in the middle of it.
    std::sort(players.begin(), players.end(), is_better);
    return players;
}

weft::task<int> tick(const bool& stop) {
    int ticks = 0;
    while (!stop) {
        co_await weft::sleep(1ms);
        ++ticks;
    }
    co_return ticks;
}

int main() {
    // What spawn() and run() are given decides: a callable that returns a task begins a task, any
    // other a fiber. They await each other.
    weft::run([] {
        bool stop = false;
        auto ticks = weft::spawn(tick, std::cref(stop));
        auto sorted = weft::spawn(ranking, std::vector<std::string>{"Bo", "Alice", "Eve"});
        for (const std::string& name : weft::await(sorted)) std::cout << name << '\n';
        stop = true;
        std::cout << "others ran meanwhile: " << std::boolalpha << (weft::await(ticks) > 0) << '\n';
    });
}
