// A server of lines, with a coroutine for each connection and a limit to everything; a hundred
// clients; and a graceful end.

#include <weft/weft.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

/// Answers each line in upper case. Who sends nothing for a minute, or a line of more than 100
/// bytes, is disconnected.
weft::task<> shout(weft::tcp_stream peer) {
    std::string_view farewell = "goodbye\n";
    try {
        for (;;) {
            auto line = co_await weft::with_timeout(1min, peer.read_line(100));
            if (!line) break;  // the client has closed its side
            std::ranges::transform(*line, line->begin(),
                                   [](unsigned char c) { return std::toupper(c); });
            *line += '\n';
            co_await peer.write_all(*line);
        }
    } catch (const weft::timed_out&) {
        farewell = "too slow\n";
    } catch (const weft::line_too_long&) {
        farewell = "too long\n";
    }
    co_await peer.write_all(farewell);
}

/// A fiber: the same in plain code. Gives all that the server has said.
std::string converse(const weft::address& server, std::string_view text) {
    auto connection = weft::await(weft::tcp_stream::connect(server));
    weft::await(connection.write_all(text));
    connection.close_write();  // and nothing more: the server reads an end
    return weft::await(connection.read_all(1000));
}

int main() {
    weft::run([] {
        weft::tcp_listener listener(weft::address::loopback(0));  // the kernel chooses the port
        const weft::address at = listener.local_address();
        auto server = weft::spawn(
            weft::serve(listener, shout, weft::serve_options().max_connections(20).drain(5s)));

        weft::pool clients(100);
        int answers = 0;
        const std::vector<std::string> texts(100, "hello\nworld\n");
        for (const auto& said : weft::await(
                 clients.map([&](const std::string& text) { return converse(at, text); }, texts)))
            answers += said == "HELLO\nWORLD\ngoodbye\n";
        std::cout << answers << " clients were answered, 20 at a time\n"
                  << converse(at, "short\n" + std::string(101, 'x'));

        listener.close();  // no more are accepted; who is connected may finish
        weft::await(server);
        std::cout << "the server has ended\n";
    });
}
