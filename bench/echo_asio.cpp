// An echo server with coroutines of Boost.Asio, told that there is one thread and which executor.

#include "echo_listen.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

using executor = asio::io_context::executor_type;
using listener = asio::basic_socket_acceptor<tcp, executor>;
using connection = asio::basic_stream_socket<tcp, executor>;
template <class T>
using awaitable = asio::awaitable<T, executor>;

constexpr auto wait = asio::as_tuple(asio::use_awaitable_t<executor>());

awaitable<void> echo(connection peer) {
    std::array<char, bench::echo_buffer_size> buffer;
    for (;;) {
        const auto [ended, got] = co_await peer.async_read_some(asio::buffer(buffer), wait);
        if (ended) co_return;
        const asio::const_buffer answer(buffer.data(), got);
        const auto [failed, sent] = co_await asio::async_write(peer, answer, wait);
        if (failed) co_return;
    }
}

awaitable<void> serve(listener from) {
    for (;;) {
        auto [failed, peer] = co_await from.async_accept(wait);
        if (failed) continue;
        peer.set_option(tcp::no_delay(true));
        asio::co_spawn(from.get_executor(), echo(std::move(peer)), asio::detached);
    }
}

}  // namespace

int main() {
    asio::io_context loop(1);
    listener from(loop, tcp::v4(), bench::listen_for_echo());
    asio::co_spawn(loop, serve(std::move(from)), asio::detached);
    loop.run();
}
