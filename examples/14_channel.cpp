// Channels: a producer that waits for room, workers that share what it sends, and a select over two
// of them.

#include <weft/weft.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <variant>

using namespace std::chrono_literals;

/// Sends more than the channel holds: it waits for the workers. Its end is the end of the channel.
weft::task<> produce(weft::channel<int>& jobs) {
    for (int n = 1; n <= 100; ++n) co_await jobs.send(n);
    jobs.close();
}

/// Takes jobs until there will be no more. This one is a fiber.
void work(weft::channel<int>& jobs, weft::channel<int>& results) {
    for (const int job : weft::each(jobs)) {
        weft::await(weft::sleep(1ms));
        weft::await(results.send(job * job));
    }
}

/// Adds what comes, until somebody says stop.
weft::task<int> add(weft::channel<int>& results, weft::channel<std::string>& stop) {
    int sum = 0;
    for (;;) {
        auto happened = co_await weft::select(results.receive(), stop.receive());
        if (const auto* word = std::get_if<1>(&happened)) {
            std::cout << "told to stop: " << **word << '\n';
            co_return sum;
        }
        sum += *std::get<0>(happened);
    }
}

int main() {
    weft::run([]() -> weft::task<> {
        weft::channel<int> jobs(4);
        weft::channel<int> results;  // from hand to hand
        weft::channel<std::string> stop;
        auto sum = weft::spawn(add, std::ref(results), std::ref(stop));
        co_await weft::with_scope([&](weft::scope& s) {
            s.spawn(produce, std::ref(jobs));
            for (int i = 0; i < 3; ++i) s.spawn(work, std::ref(jobs), std::ref(results));
        });
        co_await stop.send("all is done");
        std::cout << "sum of the squares: " << co_await sum << '\n';
    });
}
