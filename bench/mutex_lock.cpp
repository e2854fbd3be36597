// A mutex that nobody else wants, locked and unlocked.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/mutex.hpp>

#include <mutex>

namespace {

constexpr std::uint64_t locks = 100'000'000;

weft::task<> lock_in_task(std::uint64_t n) {
    weft::mutex m;
    std::uint64_t done = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        auto held = co_await m.lock();
        ++done;
        bench::keep(done);
    }
    bench::require(done == n && !m.locked(), "how many locks");
}

void lock_in_fiber(std::uint64_t n) {
    weft::mutex m;
    std::uint64_t done = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        auto held = weft::await(m.lock());
        ++done;
        bench::keep(done);
    }
    bench::require(done == n && !m.locked(), "how many locks");
}

/// What a thread has, which knows nothing of coroutines.
void lock_in_thread(std::uint64_t n) {
    std::mutex m;
    std::uint64_t done = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        const std::lock_guard held(m);
        ++done;
        bench::keep(done);
    }
    bench::require(done == n, "how many locks");
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, "ns_per_lock",
        {{"task",
          [](std::string_view) {
              return bench::ns_each(locks, [](std::uint64_t n) { weft::run(lock_in_task(n)); });
          }},
         {"fiber",
          [](std::string_view) {
              return bench::ns_each(locks, [](std::uint64_t n) { weft::run(lock_in_fiber, n); });
          }},
         {"std", [](std::string_view) { return bench::ns_each(locks, lock_in_thread); }}});
}
