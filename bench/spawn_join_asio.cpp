// The same as spawn_join.cpp by coroutines of Boost.Asio. They are not joined one by one: `run`
// returns when all have ended, which is less work.

#include "bench.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace {

namespace asio = boost::asio;

constexpr std::uint64_t spawns = 2'000'000;
constexpr std::uint64_t alive = 1'000;

std::uint64_t ran = 0;

asio::awaitable<void> nothing() {
    ++ran;
    co_return;
}

double measure(std::string_view) {
    return bench::ns_each(spawns, [](std::uint64_t n) {
        ran = 0;
        asio::io_context loop(1);
        for (std::uint64_t left = n; left > 0; left -= alive) {
            for (std::uint64_t i = 0; i < alive; ++i)
                asio::co_spawn(loop, nothing(), asio::detached);
            loop.restart();
            loop.run();
        }
        bench::require(ran == n, "how many ran");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_spawn", {{"asio", measure}});
}
