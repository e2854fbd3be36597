// The same as channel.cpp by Boost.Fiber. One place of its buffered channel stays empty: it holds
// 1,023.

#include "bench.hpp"

#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/unbuffered_channel.hpp>

#include <string_view>

namespace {

namespace fibers = boost::fibers;

template <class Channel, class... Capacity>
double measure(std::uint64_t items, Capacity... capacity) {
    return bench::ns_each(items, [=](std::uint64_t n) {
        Channel between(capacity...);
        std::uint64_t sum = 0;
        fibers::fiber sender([&between, n] {
            for (std::uint64_t i = 1; i <= n; ++i) between.push(i);
            between.close();
        });
        fibers::fiber receiver([&between, &sum] {
            std::uint64_t item = 0;
            while (between.pop(item) == fibers::channel_op_status::success) sum += item;
        });
        sender.join();
        receiver.join();
        bench::require(sum == n * (n + 1) / 2, "the sum of the items");
    });
}

double buffered(std::string_view) {
    return measure<fibers::buffered_channel<std::uint64_t>>(10'000'000, std::size_t{1'024});
}
double rendezvous(std::string_view) {
    return measure<fibers::unbuffered_channel<std::uint64_t>>(5'000'000);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_item", {{"fiber", buffered}, {"rendezvous", rendezvous}});
}
