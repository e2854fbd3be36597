// An echo server with weft, a coroutine for each connection: `echo_weft task` or `echo_weft fiber`.

#include "echo_listen.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/scope.hpp>
#include <weft/net/tcp_listener.hpp>

#include <array>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

weft::task<> echo(weft::tcp_stream peer) {
    std::array<char, bench::echo_buffer_size> buffer;
    try {
        while (const std::size_t got = co_await peer.read_some(buffer.data(), buffer.size()))
            co_await peer.write_all(std::string_view(buffer.data(), got));
    } catch (const std::system_error&) {
        // The peer has gone.
    }
}

void echo_in_fiber(weft::tcp_stream peer) {
    std::array<char, bench::echo_buffer_size> buffer;
    try {
        while (const std::size_t got = weft::await(peer.read_some(buffer.data(), buffer.size())))
            weft::await(peer.write_all(std::string_view(buffer.data(), got)));
    } catch (const std::system_error&) {
    }
}

weft::task<> serve(weft::scope& all, bool in_fibers) {
    const weft::tcp_listener listener(weft::address::loopback(0));
    bench::print_echo_port(listener.local_address().port());
    for (;;) {
        weft::tcp_stream peer = co_await listener.accept();
        if (in_fibers)
            all.spawn(echo_in_fiber, std::move(peer));
        else
            all.spawn(echo(std::move(peer)));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool in_fibers = argc > 1 && std::string_view(argv[1]) == "fiber";
    weft::run([in_fibers] {
        weft::await(weft::with_scope([in_fibers](weft::scope& all) {
            weft::await(serve(all, in_fibers));
        }));
    });
}
