// The same as channel_buffered.cpp by Boost.Fiber. One of its places stays empty: it holds 1,023.

#include "bench.hpp"

#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/fiber.hpp>

#include <string_view>

namespace {

namespace fibers = boost::fibers;

constexpr std::uint64_t items = 10'000'000;
constexpr std::size_t capacity = 1'024;

double measure(std::string_view) {
    return bench::ns_each(items, [](std::uint64_t n) {
        fibers::buffered_channel<std::uint64_t> between(capacity);
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

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_item", {{"fiber", measure}});
}
