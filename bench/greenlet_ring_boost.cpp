// The ring of greenlet_ring.cpp by Boost.Context. A fiber hands itself over to the one it resumes,
// which puts it back into the ring.

#include "bench.hpp"

#include <boost/context/fiber.hpp>

#include <vector>

namespace {

using boost::context::fiber;

constexpr std::uint64_t hops = 20'000'000;

double measure(std::size_t size) {
    std::uint64_t left = 0;
    fiber main;
    bool main_comes = false;
    std::vector<fiber> ring(size);
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t next = (i + 1) % size;
        const std::size_t before = (i + size - 1) % size;
        // Who comes is the one before, or, at the first, main.
        ring[i] = fiber([&ring, &left, &main, &main_comes, next, before](fiber&& first) {
            fiber from = std::move(first);
            for (;;) {
                if (from) (main_comes ? main : ring[before]) = std::move(from);
                main_comes = false;
                fiber& to = --left == 0 ? main : ring[next];
                from = std::move(to).resume();
            }
            return std::move(main);
        });
    }
    // The last one hands itself to main, and main to it again.
    std::size_t stopped = 0;
    const auto go = [&](std::uint64_t n) {
        left = n;
        main_comes = true;
        fiber back = std::move(ring[stopped]).resume();
        stopped = (stopped + (n - 1)) % size;
        ring[stopped] = std::move(back);
        bench::require(left == 0, "the hops");
    };
    go(2 * size);
    return bench::ns_each(hops, go);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_hop",
                      {{"1000", [](std::string_view) { return measure(1000); }},
                       {"10000", [](std::string_view) { return measure(10000); }}});
}
