// A ring: each of many greenlets switches to the next. Their control blocks and stack tops must not
// all fall into the same few lines of the caches. Stacks of 128 KiB, which is the peer's default;
// ours have a guard below them, the peer's have none.

#include "bench.hpp"

#include <weft/core/greenlet.hpp>

#include <vector>

namespace {

constexpr std::uint64_t hops = 20'000'000;

/// Goes round: the hops of which `left` says how many, then back.
double measure(std::size_t size) {
    std::uint64_t left = 2 * size;  // Each begins, and comes back once.
    weft::greenlet main = weft::greenlet::current();
    std::vector<weft::greenlet> ring;
    ring.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
        ring.emplace_back(
            [&ring, &left, &main, next = (i + 1) % size] {
                weft::greenlet& following = ring[next];
                for (;;) {
                    if (--left == 0)
                        main.switch_to();
                    else
                        following.switch_to();
                }
            },
            weft::greenlet_options{}.stack(std::size_t{128} * 1024));
    }
    ring[0].switch_to();
    return bench::ns_each(hops, [&](std::uint64_t n) {
        left = n;
        ring[0].switch_to();
        bench::require(left == 0, "the hops");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_hop",
                      {{"1000", [](std::string_view) { return measure(1000); }},
                       {"10000", [](std::string_view) { return measure(10000); }}});
}
