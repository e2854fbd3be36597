// An item from a coroutine of one loop to one of another, on two threads.

#include "bench.hpp"

#include <weft/core/run.hpp>
#include <weft/sync/shared_channel.hpp>

#include <chrono>
#include <optional>
#include <thread>

namespace {

using channel = weft::shared_channel<std::uint64_t>;

weft::task<> send_all(channel& to, std::uint64_t n) {
    for (std::uint64_t i = 1; i <= n; ++i) co_await to.send(i);
    to.close();
}

weft::task<std::uint64_t> sum_of(channel& from) {
    std::uint64_t sum = 0;
    while (const std::optional<std::uint64_t> item = co_await from.receive()) sum += *item;
    co_return sum;
}

void send_by_thread(channel& to, std::uint64_t n) {
    for (std::uint64_t i = 1; i <= n; ++i) to.blocking_send(i);
    to.close();
}

std::uint64_t sum_by_thread(channel& from) {
    std::uint64_t sum = 0;
    while (const std::optional<std::uint64_t> item = from.blocking_receive()) sum += *item;
    return sum;
}

// On the wall: two threads work at a time.
template <class Send, class Sum>
double ns_each_item(std::size_t capacity, std::uint64_t items, Send send, Sum sum) {
    const auto pass = [&](std::uint64_t n) {
        channel items_between(capacity);
        std::thread sender([&] { send(items_between, n); });
        const std::uint64_t total = sum(items_between);
        sender.join();
        bench::require(total == n * (n + 1) / 2, "the sum of what was received");
    };
    pass(items / 10);
    const auto start = std::chrono::steady_clock::now();
    pass(items);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(items);
}

double between_loops(std::size_t capacity, std::uint64_t items) {
    return ns_each_item(
        capacity, items, [](channel& c, std::uint64_t n) { weft::run(send_all(c, n)); },
        [](channel& c) { return weft::run(sum_of(c)); });
}
double between_threads(std::size_t capacity, std::uint64_t items) {
    return ns_each_item(capacity, items, send_by_thread, sum_by_thread);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "ns_per_item",
        {{"1024", [](std::string_view) { return between_loops(1024, 10'000'000); }},
         {"1", [](std::string_view) { return between_loops(1, 1'000'000); }},
         {"threads-1024", [](std::string_view) { return between_threads(1024, 10'000'000); }},
         {"threads-1", [](std::string_view) { return between_threads(1, 1'000'000); }}});
}
