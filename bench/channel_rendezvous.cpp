// An item from hand to hand, through a channel without room, between two coroutines of one thread.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn.hpp>
#include <weft/sync/channel.hpp>

#include <functional>

namespace {

constexpr std::uint64_t items = 5'000'000;
constexpr std::size_t capacity = 0;

using numbers = weft::channel<std::uint64_t>;

weft::task<> send_from_task(numbers& to, std::uint64_t n) {
    for (std::uint64_t i = 1; i <= n; ++i) co_await to.send(i);
    to.close();
}
weft::task<std::uint64_t> receive_in_task(numbers& from) {
    std::uint64_t sum = 0;
    while (const auto item = co_await from.receive()) sum += *item;
    co_return sum;
}

void send_from_fiber(numbers& to, std::uint64_t n) {
    for (std::uint64_t i = 1; i <= n; ++i) weft::await(to.send(i));
    to.close();
}
std::uint64_t receive_in_fiber(numbers& from) {
    std::uint64_t sum = 0;
    while (const auto item = weft::await(from.receive())) sum += *item;
    return sum;
}

template <class Send, class Receive>
double measure(Send send, Receive receive) {
    return bench::ns_each(items, [=](std::uint64_t n) {
        const std::uint64_t sum = weft::run([=] {
            numbers between(capacity);
            auto sender = weft::spawn(send, std::ref(between), n);
            const std::uint64_t all = weft::await(weft::spawn(receive, std::ref(between)));
            weft::await(sender);
            return all;
        });
        bench::require(sum == n * (n + 1) / 2, "the sum of the items");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "ns_per_item",
        {{"task", [](std::string_view) { return measure(send_from_task, receive_in_task); }},
         {"fiber", [](std::string_view) { return measure(send_from_fiber, receive_in_fiber); }}});
}
