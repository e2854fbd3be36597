// The same as timer_million.cpp by coroutines of Boost.Asio.

#include "bench.hpp"
#include "deadlines.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace {

namespace asio = boost::asio;

std::uint64_t woken = 0;

asio::awaitable<void> sleeper(std::chrono::steady_clock::time_point deadline) {
    asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
    co_await timer.async_wait(asio::use_awaitable);
    ++woken;
}

double measure(std::string_view) {
    const double cpu = bench::cpu_ns();
    asio::io_context loop(1);
    const auto start = std::chrono::steady_clock::now();
    bench::deadlines random;
    for (std::uint64_t i = 0; i < bench::timers; ++i)
        asio::co_spawn(loop, sleeper(start + random.next()), asio::detached);
    loop.run();
    bench::require(woken == bench::timers, "how many woke");
    return (bench::cpu_ns() - cpu) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "CPU_ms", {{"asio", measure}});
}
