// Four loops, each on a thread of its own: work spread over them, a request's name that goes
// along, a server that all of them share, and an end in peace.

#include <weft/weft.hpp>

#include <weft/core/stopping.hpp>
#include <weft/net/serve_on_loops.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

weft::local<std::string> request("none");

/// On any loop: a coroutine like another.
weft::task<std::size_t> count_words(std::string text) {
    co_await weft::yield_now();
    std::size_t words = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ') ? 1 : 0;
    co_return request.get() == "count" ? words : 0;  // its copy of who asked came along
}

weft::task<std::size_t> count_on_all() {
    request.set("count");
    const std::vector<std::string> texts(100, "a coroutine stays on its thread");
    std::vector<weft::remote_handle<std::size_t>> counts;
    for (std::size_t i = 0; i < texts.size(); ++i)
        counts.push_back(
            weft::spawn_on(weft::loops()[i % weft::loops().size()], count_words, texts[i]));
    std::size_t sum = 0;
    for (const auto& c : counts) sum += co_await c;
    co_return sum;
}

std::atomic<int> served = 0;

weft::task<> echo(weft::tcp_stream peer) {  // on whichever loop has accepted it
    char bytes[100];
    while (const std::size_t n = co_await peer.read_some(bytes, sizeof bytes))
        co_await peer.write_all(std::string_view(bytes, n));
    ++served;
}

std::string converse(const weft::address& server, std::string_view text) {
    auto connection = weft::await(weft::tcp_stream::connect(server));
    weft::await(connection.write_all(text));
    connection.close_write();
    return weft::await(connection.read_all(100));
}

int main() {
    weft::run(weft::options().threads(4).name("example").drain(10s), [] {
        std::cout << weft::await(count_on_all()) << " words, counted on " << weft::loops().size()
                  << " loops\n";

        weft::tcp_listener listener(weft::address::loopback(0),
                                    weft::listen_options().reuse_port(true));
        const weft::address at = listener.local_address();
        const auto server = weft::spawn(weft::serve_on_every_loop(listener, echo));
        int answers = 0;
        for (int i = 0; i < 50; ++i) answers += converse(at, "hello") == "hello";

        weft::loop::current().stop();  // as a first Ctrl-C does
        weft::await(server);           // no more are accepted; who is connected may finish
        std::cout << answers << " clients were answered, " << served << " connections served\n";
    });
}
