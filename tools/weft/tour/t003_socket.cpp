// Article 003: the socket server and its clients, in tasks and in fibers.

#include "network.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace weft::tour {
namespace {

constexpr int clients = 100;

// 3.9
std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::toupper(c); });
    return result;
}

/// At the article's port, unless another program has it.
tcp_listener listen_at_8080(guide& show, std::string_view kind) {
    try {
        tcp_listener listener(address::loopback(8080));
        show.print("{}, at 127.0.0.1:8080\n", kind);
        return listener;
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::address_in_use) throw;
    }
    tcp_listener listener(address::loopback(0));
    show.print("{}, at {}: 8080 is taken\n", kind, listener.local_address().to_string());
    return listener;
}

struct counts {
    int talking = 0;
    int most = 0;
    int ended = 0;  // by an end of file
    int right = 0;  // answers

    void begin() { most = std::max(most, ++talking); }
    void end_of_file() {
        ++ended;
        --talking;
    }
};

task<> talk(tcp_stream conn, counts& seen, guide& show) {
    const address from = conn.peer_address();
    seen.begin();
    char bytes[1024];
    for (;;) {
        const std::size_t n = co_await conn.read_some(bytes, sizeof bytes);
        if (n == 0) break;
        const std::string_view msg(bytes, n);
        show.print("Client {}:{} msg: {}\n", from.host(), from.port(), msg);
        const std::string answer = upper(msg);
        co_await conn.write_all(answer);
    }
    seen.end_of_file();
}
task<> client(address server, int n, barrier& everybody, counts& seen) {
    auto conn = co_await tcp_stream::connect(server);
    co_await everybody.wait();
    const std::string msg = fmt::format("hello from {}", n);
    co_await conn.write_all(msg);
    const std::string answer = co_await conn.read_exactly(msg.size());
    if (answer == upper(msg)) ++seen.right;
    co_await everybody.wait();
}
task<> all_clients(address server, counts& seen) {
    barrier everybody(clients);
    co_await with_scope([&](scope& s) -> task<> {
        for (int n = 0; n < clients; ++n)
            s.spawn(client, server, n, std::ref(everybody), std::ref(seen));
        co_await s.join();
    });
}
task<> server_and_clients(counts& seen, guide& show) {
    tcp_listener listener = listen_at_8080(show, "tasks");
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(
            serve(listener, [&](tcp_stream conn) { return talk(std::move(conn), seen, show); }));
        co_await all_clients(listener.local_address(), seen);
        listener.close();
    });
}

void talk_in_fiber(tcp_stream conn, counts& seen, guide& show) {
    const address from = conn.peer_address();
    seen.begin();
    char bytes[1024];
    while (const std::size_t n = await(conn.read_some(bytes, sizeof bytes))) {
        const std::string_view msg(bytes, n);
        show.print("Client {}:{} msg: {}\n", from.host(), from.port(), msg);
        await(conn.write_all(upper(msg)));
    }
    seen.end_of_file();
}
void client_in_fiber(address server, int n, barrier& everybody, counts& seen) {
    auto conn = await(tcp_stream::connect(server));
    await(everybody.wait());
    const std::string msg = fmt::format("hello from {}", n);
    await(conn.write_all(msg));
    if (await(conn.read_exactly(msg.size())) == upper(msg)) ++seen.right;
    await(everybody.wait());
}
void all_clients_in_fibers(address server, counts& seen) {
    barrier everybody(clients);
    await(with_scope([&](scope& s) {
        for (int n = 0; n < clients; ++n)
            s.spawn(client_in_fiber, server, n, std::ref(everybody), std::ref(seen));
        await(s.join());
    }));
}
void server_and_clients_in_fibers(counts& seen, guide& show) {
    tcp_listener listener = listen_at_8080(show, "fibers");
    while_serving(
        listener, [&](tcp_stream conn) { talk_in_fiber(std::move(conn), seen, show); },
        [&] { all_clients_in_fibers(listener.local_address(), seen); });
}

void tell(const counts& seen, guide& show) {
    show.print("{} answers in upper case, {} conversations ended\n", seen.right, seen.ended);
    show.check(seen.most == clients, "all of them talked at the same time");
}

void upper_case_server(guide& show) {
    counts of_tasks;
    run(server_and_clients(of_tasks, show));
    tell(of_tasks, show);
    counts of_fibers;
    run(server_and_clients_in_fibers, std::ref(of_fibers), std::ref(show));
    tell(of_fibers, show);
}

}  // namespace

programs gevent_sockets() {
    return {
        {
            .id = "3.9",
            .title = "a socket server and a hundred clients",
            .shows = "It answers in upper case; an end of file ends the conversation, on which the "
                     "article's server spins.",
            .run = upper_case_server,
            .expected = "tasks, at 127.0.0.1:…\n"
                        "Client 127.0.0.1:… msg: hello from …\n"
                        "⋮\n"
                        "Client 127.0.0.1:… msg: hello from …\n"
                        "100 answers in upper case, 100 conversations ended\n"
                        "fibers, at 127.0.0.1:…\n"
                        "Client 127.0.0.1:… msg: hello from …\n"
                        "⋮\n"
                        "Client 127.0.0.1:… msg: hello from …\n"
                        "100 answers in upper case, 100 conversations ended\n",
        },
    };
}

}  // namespace weft::tour
