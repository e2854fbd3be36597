// An echo server with weft, a coroutine for each connection: `echo_weft task` or `echo_weft fiber`,
// and with two loops, each on a thread: `echo_weft task-2`.

#include "echo_listen.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/net/serve_on_loops.hpp>
#include <weft/net/tcp_listener.hpp>

#include <array>
#include <string_view>

namespace {

weft::task<> echo(weft::tcp_stream peer) {
    std::array<char, bench::echo_buffer_size> buffer;
    while (const std::size_t got = co_await peer.read_some(buffer.data(), buffer.size()))
        co_await peer.write_all(std::string_view(buffer.data(), got));
}

void echo_in_fiber(weft::tcp_stream peer) {
    std::array<char, bench::echo_buffer_size> buffer;
    while (const std::size_t got = weft::await(peer.read_some(buffer.data(), buffer.size())))
        weft::await(peer.write_all(std::string_view(buffer.data(), got)));
}

weft::task<> serve(bool in_fibers) {
    weft::tcp_listener listener(weft::address::loopback(0),
                                weft::listen_options().reuse_port(weft::loops().size() > 1));
    bench::print_echo_port(listener.local_address().port());
    if (in_fibers)
        co_await weft::serve_on_every_loop(listener, echo_in_fiber);
    else
        co_await weft::serve_on_every_loop(listener, echo);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view side = argc > 1 ? argv[1] : "task";
    const std::size_t threads = side.ends_with("-2") ? 2 : 1;
    // SIGTERM ends it where it stands, as the other servers.
    weft::run(weft::options().threads(threads).stop_on_signals(false),
              serve(side.starts_with("fiber")));
}
