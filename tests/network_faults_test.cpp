// Programs on a network that loses, delays, resets and does not answer (weft/testing).

#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/net/serve.hpp"
#include "weft/net/tcp_listener.hpp"
#include "weft/net/tcp_stream.hpp"
#include "weft/net/udp_socket.hpp"
#include "weft/testing/network_options.hpp"
#include "weft/testing/simulation.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using weft::address;
using weft::await;
using weft::clock;
using weft::scope;
using weft::serve;
using weft::serve_options;
using weft::spawn;
using weft::task;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::timed_out;
using weft::udp_socket;
using weft::with_scope;
using weft::with_timeout;
using weft::testing::network_options;
using weft::testing::seeds;
using weft::testing::simulation;
using namespace std::chrono_literals;

const address server_address = address::ip("10.0.0.1", 7000);
const address client_address = address::ip("10.0.0.2", 0);

tcp_stream connect_from_client() {
    return await(tcp_stream::connect(server_address, weft::connect_options{}.from(client_address)));
}

/// Runs `body(world)` for many seeds.
template <class Body>
void in_worlds(const network_options& network, Body body) {
    for (const std::uint64_t seed : seeds(100)) {
        if (::testing::Test::HasFailure()) return;
        SCOPED_TRACE("WEFT_SEED=" + std::to_string(seed));
        simulation world(seed, weft::options().watchdog({}));
        world.network(network);
        world.run([&] { body(world); });
    }
}

network_options slow() {
    return network_options().delay(1ms, 30ms);
}

TEST(network_faults, a_host_that_does_not_answer_is_given_up) {
    in_worlds(slow().unreachable("10.0.0.1"), [](simulation&) {
        const auto began = clock::now();
        EXPECT_THROW(
            await(tcp_stream::connect(server_address, weft::connect_options{}.timeout(3s))),
            timed_out);
        EXPECT_EQ(clock::now() - began, 3s);
        try {
            await(tcp_stream::connect(server_address));
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::timed_out);
        }
        EXPECT_GT(clock::now() - began, 60s) << "as long as Linux tries";
    });
}

task<> answer_within(clock::duration patience, tcp_stream peer) {
    for (;;) {
        auto line = co_await with_timeout(patience, peer.read_line(100));
        if (!line) co_return;
        *line += '\n';
        co_await with_timeout(patience, peer.write_all(*line));
    }
}
task<> answer_in_time(tcp_stream peer) {
    return answer_within(30s, std::move(peer));
}
/// Connections whose other end is lost hold a place: with much patience there would be no place for
/// anybody else.
task<> answer_quickly(tcp_stream peer) {
    return answer_within(1s, std::move(peer));
}

// Half-open: the peer has gone without a word. Only a deadline finds out.
TEST(network_faults, a_peer_that_vanishes_does_not_hold_its_coroutine_for_ever) {
    in_worlds(slow(), [](simulation& world) {
        tcp_listener listener(server_address);
        int timeouts = 0;
        const auto how = serve_options{}.on_error([&](const std::exception_ptr& e) {
            try {
                std::rethrow_exception(e);
            } catch (const timed_out&) {
                ++timeouts;
            }
        });
        auto server = spawn([&] { await(serve(listener, answer_in_time, how)); });
        tcp_stream client = connect_from_client();
        await(client.write_all(std::string_view("hello\n")));
        EXPECT_EQ(await(client.read_line()), "hello");
        world.partition("10.0.0.2");
        await(weft::sleep(31s));
        EXPECT_EQ(timeouts, 1);
        listener.close();
        await(server);
        world.heal_all();
    });
}

TEST(network_faults, a_break_of_some_seconds_loses_nothing) {
    in_worlds(slow(), [](simulation& world) {
        tcp_listener listener(server_address);
        auto server = spawn([&] { await(serve(listener, answer_in_time)); });
        tcp_stream client = connect_from_client();
        world.partition("10.0.0.2");
        await(client.write_all(std::string_view("hello\n")));
        await(weft::sleep(5s));
        world.heal("10.0.0.2");
        EXPECT_EQ(await(client.read_line()), "hello");
        client.close();
        listener.close();
        await(server);
    });
}

// A slow peer that never ends its line holds its own coroutine, until its time is over.
TEST(network_faults, a_slow_peer_disturbs_no_other) {
    in_worlds(slow(), [](simulation&) {
        tcp_listener listener(server_address);
        auto server = spawn([&] {
            await(serve(listener, answer_in_time, serve_options{}.on_error([](const auto&) {})));
        });
        tcp_stream slow_one = connect_from_client();
        auto drips = spawn([&] {
            try {
                for (;;) {
                    await(slow_one.write_all(std::string_view("x")));
                    await(weft::sleep(7s));
                }
            } catch (const std::system_error&) {
                // It was thrown out.
            }
        });
        for (int i = 0; i < 10; ++i) {
            tcp_stream client = connect_from_client();
            await(client.write_all(std::string_view("quick\n")));
            EXPECT_EQ(await(client.read_line()), "quick");
            await(weft::sleep(3s));
        }
        await(drips.join());
        listener.close();
        await(server);
    });
}

/// Says it again and again until it has been answered.
task<> insist(int number) {
    const std::string line = "number " + std::to_string(number) + '\n';
    for (;;) {
        try {
            tcp_stream peer = co_await tcp_stream::connect(
                server_address, weft::connect_options{}.from(client_address).timeout(10s));
            co_await peer.write_all(line);
            const auto answer = co_await with_timeout(10s, peer.read_line(100));
            if (answer && *answer + '\n' == line) co_return;
        } catch (const std::system_error&) {
            // Reset, refused, or timed out: again.
        }
        co_await weft::sleep(100ms);
    }
}

TEST(network_faults, clients_that_insist_are_all_answered) {
    in_worlds(slow().reset_chance(0.2).connect_failure(0.2).accept_failure(0.2), [](simulation&) {
        tcp_listener listener(server_address);
        auto server = spawn([&] {
            await(serve(listener, answer_quickly,
                        serve_options{}.max_connections(4).on_error([](const auto&) {})));
        });
        await(with_scope([](scope& s) {
            for (int i = 0; i < 20; ++i) s.spawn(insist, i);
        }));
        listener.close();
        await(server);
    });
}

// ---- datagrams: one after the other, each until it is acknowledged

task<> acknowledge(udp_socket& socket, std::vector<int>& got) {
    std::array<char, 16> bytes{};
    for (;;) {
        const auto one = co_await socket.receive_from(bytes.data(), bytes.size());
        const std::string_view text(bytes.data(), one.size);
        int number = -1;
        std::from_chars(text.data(), text.data() + text.size(), number);
        if (number == static_cast<int>(got.size())) got.push_back(number);
        co_await socket.send_to(text, one.from);
    }
}

task<> send_acknowledged(udp_socket& socket, int number) {
    const std::string text = std::to_string(number);
    std::array<char, 16> bytes{};
    for (;;) {
        co_await socket.send_to(text, server_address);
        try {
            for (;;) {
                const auto answer =
                    co_await with_timeout(100ms, socket.receive_from(bytes.data(), bytes.size()));
                if (std::string_view(bytes.data(), answer.size) == text) co_return;
            }
        } catch (const timed_out&) {
            // Lost, or late.
        }
    }
}

TEST(network_faults, datagrams_that_are_repeated_all_arrive) {
    in_worlds(slow().datagram_loss(0.3).datagram_duplication(0.2), [](simulation&) {
        udp_socket server(server_address);
        udp_socket client(client_address);
        std::vector<int> got;
        auto answers = spawn(acknowledge, std::ref(server), std::ref(got));
        for (int i = 0; i < 10; ++i) await(send_acknowledged(client, i));
        answers.cancel();
        await(answers.join());
        EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    });
}

}  // namespace
