// The tasks of sleep_memory.cpp by coroutines of Boost.Asio.

#include "bench.hpp"
#include "stack_memory.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace {

namespace asio = boost::asio;

constexpr std::size_t sleepers = 1'000'000;

std::size_t asleep = 0;

asio::awaitable<void> sleeper() {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    ++asleep;
    co_await timer.async_wait(asio::use_awaitable);
}

double measure(std::string_view) {
    const bench::memory_meter meter;
    asio::io_context loop(1);
    for (std::size_t i = 0; i < sleepers; ++i) asio::co_spawn(loop, sleeper(), asio::detached);
    while (asleep < sleepers) loop.run_one();
    bench::answer("bytes_per_task", meter.resident_kib_each(sleepers) * 1024);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "bytes_per_task", {{"asio", measure}});
}
