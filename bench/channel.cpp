// An item through a channel, from one coroutine to another on one thread: one that holds 1,024, and
// one without room, from hand to hand.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn.hpp>
#include <weft/sync/channel.hpp>

#include <functional>

namespace {

struct size {
    std::size_t capacity;
    std::uint64_t items;
};
constexpr size buffered{1'024, 20'000'000};
constexpr size rendezvous{0, 5'000'000};

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
double measure(size of, Send send, Receive receive) {
    return bench::ns_each(of.items, [=](std::uint64_t n) {
        const std::uint64_t sum = weft::run([=] {
            numbers between(of.capacity);
            auto sender = weft::spawn(send, std::ref(between), n);
            const std::uint64_t all = weft::await(weft::spawn(receive, std::ref(between)));
            weft::await(sender);
            return all;
        });
        bench::require(sum == n * (n + 1) / 2, "the sum of the items");
    });
}

template <size of>
double in_tasks(std::string_view) {
    return measure(of, send_from_task, receive_in_task);
}
template <size of>
double in_fibers(std::string_view) {
    return measure(of, send_from_fiber, receive_in_fiber);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_item",
                      {{"task", in_tasks<buffered>},
                       {"fiber", in_fibers<buffered>},
                       {"rendezvous-task", in_tasks<rendezvous>},
                       {"rendezvous-fiber", in_fibers<rendezvous>}});
}
