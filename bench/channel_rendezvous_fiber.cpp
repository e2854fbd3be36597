// The same as channel_rendezvous.cpp by Boost.Fiber.

#include "bench.hpp"

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/unbuffered_channel.hpp>

#include <string_view>

namespace {

namespace fibers = boost::fibers;

constexpr std::uint64_t items = 5'000'000;

double measure(std::string_view) {
    return bench::ns_each(items, [](std::uint64_t n) {
        fibers::unbuffered_channel<std::uint64_t> between;
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
