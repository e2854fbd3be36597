// Conversations over simulated sockets, cancelled at every await: no descriptor stays open, nobody
// hangs, and what one side has got is what the other one sent, from its beginning.

#include "cancel_everywhere_test.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/scope.hpp"
#include "weft/net/serve.hpp"
#include "weft/net/tcp_listener.hpp"
#include "weft/net/tcp_stream.hpp"
#include "weft/net/udp_socket.hpp"
#include "weft/net/unix_stream.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace {

using weft::address;
using weft::await;
using weft::owned_descriptor;
using weft::scope;
using weft::spawn;
using weft::task;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::udp_socket;
using weft::unix_stream;
using weft::with_scope;
using weft::testing::await_as_task;
using weft::testing::cancel_everywhere;
using weft::testing::coroutine_kind;
using weft::testing::proving_ground;
using weft::testing::witness;
using namespace std::chrono_literals;

// Each is one function, as a task or in a fiber that awaits the task: the awaits are the same ones.
template <class Make>
auto begin(scope& s, coroutine_kind kind, Make make) {
    if (kind == coroutine_kind::task) return s.spawn(await_as_task<Make>, make);
    return s.spawn([make] { return await(make()); });
}

task<> echo_lines(proving_ground& g, tcp_stream peer) {
    const witness w;
    for (;;) {
        g.step();
        auto line = co_await peer.read_line(100);
        if (!line) co_return;
        *line += '\n';
        g.step();
        co_await peer.write_all(*line);
    }
}

task<> converse(proving_ground& g, address server, int& heard) {
    const witness w;
    g.step();
    tcp_stream peer = co_await tcp_stream::connect(server);
    for (int i = 0; i < 3; ++i) {
        const std::string line = "line " + std::to_string(i) + '\n';
        g.step();
        co_await peer.write_all(line);
        g.step();
        const auto answer = co_await peer.read_line(100);
        // A server that was cancelled may have ended anywhere in between.
        if (!answer || *answer + '\n' != line) co_return;
        ++heard;
    }
}

TEST(cancel_everywhere_net, server_and_clients) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        int heard = 0;
        {
            tcp_listener listener(address::loopback(0));
            const auto handler = [&g](tcp_stream peer) { return echo_lines(g, std::move(peer)); };
            auto server = spawn([&] { await(weft::serve(listener, handler)); });
            const address at = listener.local_address();
            const auto body = [&, at](scope& s) {
                g.inner = begin(s, kind, [&, at] { return converse(g, at, heard); });
                begin(s, kind, [&, at] { return converse(g, at, heard); });
            };
            g.run_root(kind, [&] { return with_scope(body); });
            listener.close();
            await(server);
        }
        if (!g.hit()) {
            EXPECT_EQ(heard, 6);
        }
    });
}

task<> send_text(proving_ground& g, tcp_stream& to, const std::string& text) {
    const witness w;
    g.step();
    co_await to.write_all(text);
    to.close_write();
}
task<> receive_text(proving_ground& g, tcp_stream& from, std::string& got) {
    const witness w;
    std::array<char, 16> bytes{};
    for (;;) {
        g.step();
        const std::size_t n = co_await from.read_some(bytes.data(), bytes.size());
        if (n == 0) co_return;
        got.append(bytes.data(), n);
    }
}

TEST(cancel_everywhere_net, bytes_through_a_connection) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        tcp_stream near = await(tcp_stream::connect(listener.local_address()));
        tcp_stream far = await(listener.accept());
        const std::string text = "a text that takes several reads, and is read from its beginning";
        std::string got;
        const auto body = [&](scope& s) {
            g.inner = begin(s, kind, [&] { return receive_text(g, far, got); });
            begin(s, kind, [&] { return send_text(g, near, text); });
        };
        g.run_root(kind, [&] { return with_scope(body); });
        near.close();
        got += await(far.read_all(1000));
        EXPECT_TRUE(text.starts_with(got)) << "bytes were lost, or read twice: " << got;
        if (!g.hit()) {
            EXPECT_EQ(got, text);
        }
    });
}

task<> pass_on(proving_ground& g, unix_stream& to, int passed) {
    const witness w;
    g.step();
    co_await to.send_descriptor(passed);
}
task<> take_over(proving_ground& g, unix_stream& from) {
    const witness w;
    g.step();
    const owned_descriptor passed = co_await from.receive_descriptor();
}

TEST(cancel_everywhere_net, descriptors_that_are_passed) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        auto ends = unix_stream::pair();
        const udp_socket any(address::loopback(0));
        const auto body = [&](scope& s) {
            auto taker = begin(s, kind, [&] { return take_over(g, ends.second); });
            auto giver = begin(s, kind, [&] { return pass_on(g, ends.first, any.descriptor()); });
            g.inner = giver;
            // Without the one the other would wait for ever.
            giver.link([taker, giver](const auto&) {
                if (giver.was_cancelled()) taker.cancel();
            });
        };
        g.run_root(kind, [&] { return with_scope(body); });
    });
}

}  // namespace
