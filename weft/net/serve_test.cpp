// A server: its limit, its end, its errors, on every loop, with handlers of both kinds.

#include "weft/net/serve.hpp"

#include "weft/net/net_test.hpp"
#include "weft/net/unix_listener.hpp"
#include "weft/sync/event.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using weft::address;
using weft::await;
using weft::event;
using weft::join_handle;
using weft::serve;
using weft::serve_options;
using weft::spawn;
using weft::task;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::testing::coroutine_kind;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

/// A handler of that kind, which does what `body` says.
template <class Body>
join_handle<void> serve_as(coroutine_kind kind, tcp_listener& listener, Body body,
                           serve_options how = {}) {
    if (kind == coroutine_kind::fiber)
        return spawn([&listener, body, how] {
            await(serve(listener, [body](tcp_stream s) { await(body(std::move(s))); }, how));
        });
    return spawn([&listener, body, how] { await(serve(listener, body, how)); });
}

task<> echo_lines(tcp_stream peer) {
    while (auto line = co_await peer.read_line()) {
        *line += '\n';
        co_await peer.write_all(*line);
    }
}

/// Says one line and hears it again.
void converse(tcp_stream& with, const std::string& line) {
    await(with.write_all(line + '\n'));
    EXPECT_EQ(await(with.read_line()), line);
}

tcp_stream connect_to(const tcp_listener& listener) {
    return await(tcp_stream::connect(listener.local_address()));
}

TEST(serve, has_a_coroutine_for_each_connection) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        auto server = serve_as(kind, listener, echo_lines);
        std::vector<tcp_stream> clients;
        for (int i = 0; i < 10; ++i) clients.push_back(connect_to(listener));
        for (int round = 0; round < 2; ++round)
            for (int i = 9; i >= 0; --i)
                converse(clients[static_cast<std::size_t>(i)], "line " + std::to_string(i));
        clients.clear();
        listener.close();
        await(server);
    });
}

TEST(serve, accepts_no_more_than_its_limit) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        int live = 0;
        int most = 0;
        event go;
        const auto body = [&](tcp_stream) -> task<> {
            most = std::max(most, ++live);
            co_await go.wait();
            --live;
        };
        auto server = serve_as(kind, listener, body, serve_options{}.max_connections(3));
        std::vector<tcp_stream> clients;
        for (int i = 0; i < 8; ++i) clients.push_back(connect_to(listener));
        weft::testing::until([&] { return live == 3; });
        await(weft::sleep(1ms));
        EXPECT_EQ(live, 3) << "the others wait in the kernel's queue";
        go.set();
        for (tcp_stream& client : clients) EXPECT_EQ(await(client.read_all(1)), "");
        EXPECT_EQ(most, 3);
        listener.close();
        await(server);
    });
}

TEST(serve, ends_gracefully_when_the_listener_is_closed) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        auto server = serve_as(kind, listener, echo_lines);
        tcp_stream client = connect_to(listener);
        converse(client, "before");
        listener.close();
        converse(client, "after");
        until_it_waits(server);
        EXPECT_FALSE(server.ready());
        client.close();
        await(server);
    });
}

TEST(serve, that_is_full_notices_that_the_listener_is_closed) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        auto server =
            serve_as(kind, listener, echo_lines, serve_options{}.max_connections(1).drain(10ms));
        tcp_stream client = connect_to(listener);
        converse(client, "before");
        listener.close();
        await(server);  // after 10 ms, though the client is still there
        EXPECT_EQ(await(client.read_line()), std::nullopt);
    });
}

TEST(serve, cancels_who_does_not_finish_in_time) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        auto server = serve_as(kind, listener, echo_lines, serve_options{}.drain(5ms));
        tcp_stream client = connect_to(listener);
        converse(client, "before");
        listener.close();
        const auto began = weft::clock::now();
        await(server);
        EXPECT_GE(weft::clock::now() - began, 5ms);
        EXPECT_EQ(await(client.read_line()), std::nullopt);
    });
}

TEST(serve, that_is_cancelled_cancels_its_connections) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        auto server = serve_as(kind, listener, echo_lines);
        std::vector<tcp_stream> clients;
        for (int i = 0; i < 5; ++i) {
            clients.push_back(connect_to(listener));
            converse(clients.back(), "hello");
        }
        server.cancel();
        await(server.join());
        EXPECT_TRUE(server.was_cancelled());
        for (tcp_stream& client : clients) EXPECT_EQ(await(client.read_line()), std::nullopt);
    });
}

TEST(serve, reports_what_a_handler_throws_and_goes_on) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        std::vector<std::string> reports;
        auto how = serve_options{}.on_error(
            [&](const std::exception_ptr& e) { reports.push_back(weft::describe_exception(e)); });
        const auto body = [](tcp_stream peer) -> task<> {
            const auto line = co_await peer.read_line();
            throw std::runtime_error("cannot " + line.value_or("nothing"));
        };
        auto server = serve_as(kind, listener, body, how);
        for (const std::string what : {"do", "be"}) {
            tcp_stream client = connect_to(listener);
            await(client.write_all(what + '\n'));
            EXPECT_EQ(await(client.read_all(1)), "");
        }
        listener.close();
        await(server);
        ASSERT_EQ(reports.size(), 2u);
        EXPECT_NE(reports[0].find("cannot do"), std::string::npos) << reports[0];
        EXPECT_NE(reports[1].find("cannot be"), std::string::npos) << reports[1];
    });
}

TEST(serve, of_nobody_is_refused) {
    on_every_loop([] {
        tcp_listener listener(address::loopback(0));
        auto server = serve_as(coroutine_kind::task, listener, echo_lines,
                               serve_options{}.max_connections(0));
        await(server.join());
        EXPECT_NE(
            weft::testing::thrown<weft::usage_error>([&] { server.value(); }).find("at least 1"),
            std::string::npos);
    });
}

TEST(serve, serves_unix_sockets_too) {
    on_every_loop([] {
        weft::unix_listener listener(address::unix_abstract("weft.serve_test"));
        auto server = spawn([&listener] {
            await(serve(listener, [](weft::unix_stream peer) {
                while (auto line = await(peer.read_line())) await(peer.write_all(*line + "!\n"));
            }));
        });
        auto client = await(weft::unix_stream::connect(address::unix_abstract("weft.serve_test")));
        await(client.write_all(std::string_view("hello\n")));
        EXPECT_EQ(await(client.read_line()), "hello!");
        client.close();
        listener.close();
        await(server);
    });
}

}  // namespace
