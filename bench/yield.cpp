// A yield, when a thousand are ready: each lets all the others run before it goes on.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/scope.hpp>
#include <weft/core/sleep.hpp>

namespace {

constexpr std::uint64_t yields = 10'000'000;
constexpr std::uint64_t ready = 1'000;

std::uint64_t done = 0;

weft::task<> yield_task(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
        co_await weft::yield_now();
        ++done;
    }
}

void yield_fiber(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
        weft::await(weft::yield_now());
        ++done;
    }
}

template <class Body>
double measure(Body body) {
    return bench::ns_each(yields, [body](std::uint64_t n) {
        done = 0;
        weft::run([body, n] {
            weft::await(weft::with_scope([body, n](weft::scope& s) {
                for (std::uint64_t i = 0; i < ready; ++i) s.spawn(body, n / ready);
            }));
        });
        bench::require(done == n, "how many yields");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_yield",
                      {{"task", [](std::string_view) { return measure(yield_task); }},
                       {"fiber", [](std::string_view) { return measure(yield_fiber); }}});
}
