#include "weft/net/serve_on_loops.hpp"

#include "weft/core/as_result.hpp"
#include "weft/core/stopping.hpp"
#include "weft/net/net_test.hpp"
#include "weft/sync/event.hpp"

#include <array>
#include <atomic>
#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::address;
using weft::await;
using weft::listen_options;
using weft::loops;
using weft::options;
using weft::serve_on_every_loop;
using weft::spawn;
using weft::task;
using weft::tcp_listener;
using weft::tcp_stream;

template <class Test>
void with_three_loops(Test test) {
    weft::testing::on_real_drivers([&](const options& how, const char* name) {
        SCOPED_TRACE(name);
        test(options(how).threads(3));
    });
}

/// Echoes until the peer ends, and counts where.
struct counting_echo {
    std::array<std::atomic<int>, 3>* by_loop;
    task<> operator()(tcp_stream peer) const {
        ++(*by_loop)[weft::loop::current().index()];
        std::array<char, 64> bytes{};
        while (const std::size_t n = co_await peer.read_some(bytes.data(), bytes.size()))
            co_await peer.write_all(std::string_view(bytes.data(), n));
    }
};

std::string ask(const address& server, std::string_view text) {
    tcp_stream s = await(tcp_stream::connect(server));
    await(s.write_all(text));
    s.close_write();
    return await(s.read_all(1000));
}

tcp_listener shared_listener() {
    return tcp_listener(address::loopback(0), listen_options().reuse_port(true));
}

TEST(serve_on_every_loop, spreads_connections_and_ends_when_the_first_listener_is_closed) {
    with_three_loops([](const options& how) {
        std::array<std::atomic<int>, 3> by_loop{};
        weft::run(how, [&] {
            tcp_listener first = shared_listener();
            const address at = first.local_address();
            weft::event all_listen;
            const auto how_to_serve =
                weft::serve_options().on_listening([&all_listen] { all_listen.set(); });
            const auto server =
                spawn(serve_on_every_loop(first, counting_echo(&by_loop), how_to_serve));
            await(all_listen.wait());
            // Which loop gets one is the kernel's choice: until each has had some.
            for (int i = 0; by_loop[0] == 0 || by_loop[1] == 0 || by_loop[2] == 0; ++i) {
                ASSERT_LT(i, 10'000);
                ASSERT_EQ(ask(at, "hello"), "hello");
            }
            first.close();
            await(server);
            EXPECT_THROW(await(tcp_stream::connect(at)), std::system_error);
        });
    });
}

TEST(serve_on_every_loop, accepts_on_no_loop_while_conversations_finish) {
    with_three_loops([](const options& how) {
        std::array<std::atomic<int>, 3> by_loop{};
        weft::run(how, [&] {
            tcp_listener first = shared_listener();
            const address at = first.local_address();
            const auto server = spawn(serve_on_every_loop(first, counting_echo(&by_loop)));
            std::vector<tcp_stream> talks;
            while (by_loop[0] == 0 || by_loop[1] == 0 || by_loop[2] == 0) {
                ASSERT_LT(talks.size(), 400U);
                talks.push_back(await(tcp_stream::connect(at)));
                await(talks.back().write_all("x"));
                char c = 0;
                await(talks.back().read_some(&c, 1));
            }
            first.close();
            int refused = 0;
            for (int i = 0; refused == 0 && i < 10'000; ++i)
                if (!await(weft::as_result(tcp_stream::connect(at)))) ++refused;
            EXPECT_EQ(refused, 1);
            EXPECT_FALSE(server.ready());
            talks.clear();
            await(server);
        });
    });
}

TEST(serve_on_every_loop, lets_conversations_end_when_the_loops_are_told_to_stop) {
    with_three_loops([](const options& how) {
        std::array<std::atomic<int>, 3> by_loop{};
        const std::string got = weft::run(options(how).drain(1h), [&] {
            tcp_listener first = shared_listener();
            const address at = first.local_address();
            const auto server = spawn(serve_on_every_loop(first, counting_echo(&by_loop)));
            std::vector<tcp_stream> talks;
            for (int i = 0; i < 20; ++i) talks.push_back(await(tcp_stream::connect(at)));
            for (auto& t : talks) await(t.write_all("x"));
            char c = 0;
            for (auto& t : talks) await(t.read_some(&c, 1));
            weft::loop::current().stop();
            std::string all;
            for (auto& t : talks) {
                await(t.write_all("y"));
                t.close_write();
                all += await(t.read_all(10));
            }
            await(server);
            return all;
        });
        EXPECT_EQ(got, std::string(20, 'y'));
    });
}

TEST(serve_on_every_loop, cancelled_leaves_no_connection_on_any_loop) {
    with_three_loops([](const options& how) {
        std::array<std::atomic<int>, 3> by_loop{};
        weft::run(how, [&] {
            tcp_listener first = shared_listener();
            const address at = first.local_address();
            const auto server = spawn(serve_on_every_loop(first, counting_echo(&by_loop)));
            std::vector<tcp_stream> talks;
            for (int i = 0; i < 20; ++i) talks.push_back(await(tcp_stream::connect(at)));
            for (auto& t : talks) await(t.write_all("x"));
            char c = 0;
            for (auto& t : talks) await(t.read_some(&c, 1));
            server.cancel();
            await(server.join());
            for (auto& t : talks) EXPECT_EQ(await(t.read_some(&c, 1)), 0u);
        });
    });
}

TEST(serve_on_every_loop, throws_when_a_loop_cannot_listen_and_serves_alone_where_there_is_one) {
    with_three_loops([](const options& how) {
        std::array<std::atomic<int>, 3> by_loop{};
        // Without SO_REUSEPORT the others get EADDRINUSE.
        EXPECT_ANY_THROW(weft::run(how, [&] {
            tcp_listener first(address::loopback(0));
            await(serve_on_every_loop(first, counting_echo(&by_loop)));
        }));
        weft::run(options(how).threads(1), [&] {
            tcp_listener first = shared_listener();
            const auto server = spawn(serve_on_every_loop(first, counting_echo(&by_loop)));
            EXPECT_EQ(ask(first.local_address(), "alone"), "alone");
            first.close();
            await(server);
        });
    });
}

}  // namespace
