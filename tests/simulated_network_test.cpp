// The simulated network: time, faults and partitions, as programs meet them.

#include "weft/base/error.hpp"
#include "weft/net/net_test.hpp"
#include "weft/net/udp_socket.hpp"
#include "weft/testing/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using weft::address;
using weft::await;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::udp_socket;
using weft::testing::code_of;
using weft::testing::connection;
using weft::testing::network_options;
using weft::testing::seeds;
using weft::testing::simulation;

std::string read_some(tcp_stream& from) {
    std::string bytes(100, '\0');
    bytes.resize(await(from.read_some(bytes.data(), bytes.size())));
    return bytes;
}

std::errc read_error(tcp_stream& from) {
    return code_of([&] { static_cast<void>(read_some(from)); });
}

/// In seconds.
template <class Action>
double time_of(Action action) {
    const auto begin = weft::clock::now();
    action();
    return std::chrono::duration<double>(weft::clock::now() - begin).count();
}

bool hears_nothing(tcp_stream& end, weft::clock::duration d) {
    try {
        static_cast<void>(await(weft::with_timeout(d, [&] { return read_some(end); })));
    } catch (const weft::timed_out&) {
        return true;
    }
    return false;
}

TEST(simulated_network, takes_the_time_it_is_told_to) {
    simulation world(1);
    world.network(network_options().delay(10ms, 10ms));
    world.run([] {
        const tcp_listener listener(address::loopback(0));
        tcp_stream near;
        EXPECT_NEAR(time_of([&] { near = await(tcp_stream::connect(listener.local_address())); }),
                    0.02, 0.0005)
            << "there and back";
        tcp_stream far = await(listener.accept());
        await(near.write_all("x"));
        EXPECT_NEAR(time_of([&] { EXPECT_EQ(read_some(far), "x"); }), 0.01, 0.0005);
    });
}

TEST(simulated_network, keeps_the_order_of_a_stream) {
    for (const std::uint64_t seed : seeds()) {
        simulation world(seed);
        world.network(network_options().delay(0ms, 50ms));
        world.run([] {
            connection c;
            std::string sent;
            for (int i = 0; i < 100; ++i) {
                const std::string part = std::to_string(i);
                await(c.near.write_all(part));
                sent += part;
            }
            c.near.close_write();
            std::string got;
            for (std::string part = read_some(c.far); !part.empty(); part = read_some(c.far))
                got += part;
            EXPECT_EQ(got, sent);
        });
    }
}

TEST(simulated_network, does_not_answer_for_a_host_that_is_cut_off) {
    simulation world(1);
    world.network(network_options().unreachable("10.0.0.9"));
    world.run([&] {
        const tcp_listener there(address::ip("10.0.0.9", 80));
        const auto connect = [] { return await(tcp_stream::connect(address::ip("10.0.0.9", 80))); };
        EXPECT_NEAR(time_of([&] { EXPECT_EQ(code_of(connect), std::errc::timed_out); }), 127, 1);
        const auto heals = weft::spawn([&] {
            await(weft::sleep(2s));
            world.heal("10.0.0.9");
        });
        EXPECT_NEAR(time_of([&] { EXPECT_TRUE(connect()); }), 3, 1) << "at its second try";
        await(heals.join());
    });
}

TEST(simulated_network, holds_what_is_sent_until_it_is_mended) {
    simulation world(1);
    world.run([&] {
        connection c;
        world.partition("127.0.0.1");
        await(c.near.write_all("l"));
        EXPECT_TRUE(hears_nothing(c.far, 10min));
        world.heal_all();
        EXPECT_EQ(read_some(c.far), "l");
        world.partition("127.0.0.1");
        await(c.near.write_all("n"));
        EXPECT_NEAR(time_of([&] { EXPECT_EQ(read_error(c.near), std::errc::timed_out); }), 924, 1);
        EXPECT_TRUE(hears_nothing(c.far, 1h)) << "nobody told the other end";
    });
}

TEST(simulated_network, resets_every_connection_when_asked) {
    simulation world(1);
    world.run([&] {
        connection c;
        world.reset_all();
        EXPECT_EQ(read_error(c.near), std::errc::connection_reset);
        EXPECT_EQ(read_error(c.far), std::errc::connection_reset);
        EXPECT_EQ(code_of([&] { await(c.near.write_all("x")); }), std::errc::broken_pipe);
    });
}

/// Which ends know that their connection is lost, after one send.
std::string who_is_reset(std::uint64_t seed) {
    simulation world(seed);
    world.network(network_options().reset_chance(1));
    return world.run([&] {
        connection c;
        await(c.near.write_all("x"));
        std::string who;
        for (tcp_stream* const end : {&c.near, &c.far}) {
            try {
                const bool is_near = end == &c.near;
                EXPECT_EQ(await(weft::with_timeout(1h, [&] { return read_some(*end); })),
                          is_near ? "" : "x");
                if (is_near) continue;
                await(weft::with_timeout(1h, [&] { return read_some(*end); }));
            } catch (const weft::timed_out&) {
                // It hears of it when it sends.
                await(end->write_all("y"));
                EXPECT_EQ(read_error(*end), std::errc::connection_reset);
                continue;
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_reset);
            }
            who += end == &c.near ? 'n' : 'f';
        }
        return who;
    });
}

TEST(simulated_network, loses_connections_at_both_ends_or_silently_at_one) {
    std::set<std::string> all;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) all.insert(who_is_reset(seed));
    EXPECT_THAT(all, ElementsAre("f", "n", "nf"));
}

TEST(simulated_network, fails_to_connect_in_every_way) {
    std::set<std::errc> all;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        simulation world(seed);
        world.network(network_options().connect_failure(1));
        all.insert(world.run([] {
            const tcp_listener listener(address::loopback(0));
            return code_of([&] { await(tcp_stream::connect(listener.local_address())); });
        }));
    }
    EXPECT_EQ(all, (std::set{std::errc::connection_refused, std::errc::host_unreachable,
                             std::errc::timed_out}));
}

TEST(simulated_network, fails_to_accept_in_every_way) {
    std::set<std::errc> all;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        simulation world(seed);
        world.network(network_options().accept_failure(1));
        all.insert(world.run([&] {
            const tcp_listener listener(address::loopback(0));
            tcp_stream near = await(tcp_stream::connect(listener.local_address()));
            const std::errc error = code_of([&] { await(listener.accept()); });
            world.network(network_options());
            if (error == std::errc::connection_aborted)
                EXPECT_EQ(read_error(near), std::errc::connection_reset);
            else
                EXPECT_TRUE(await(listener.accept())) << "it is still there";
            return error;
        }));
    }
    EXPECT_EQ(all,
              (std::set{std::errc::connection_aborted, std::errc::too_many_files_open,
                        std::errc::too_many_files_open_in_system, std::errc::no_buffer_space}));
}

/// What comes of the datagrams 0 to 99.
std::vector<int> datagrams(const network_options& how) {
    simulation world(3);
    world.network(how);
    return world.run([] {
        const udp_socket server(address::loopback(0));
        const udp_socket client(address::loopback(0));
        for (int i = 0; i < 100; ++i)
            await(client.send_to(std::to_string(i), server.local_address()));
        std::vector<int> got;
        std::string bytes(10, '\0');
        try {
            for (;;) {
                const auto one =
                    await(weft::with_timeout(1s, server.receive_from(bytes.data(), bytes.size())));
                got.push_back(std::stoi(bytes.substr(0, one.size)));
            }
        } catch (const weft::timed_out&) {
            return got;
        }
    });
}

TEST(simulated_network, loses_repeats_and_reorders_datagrams) {
    std::vector<int> all(100);
    for (int i = 0; i < 100; ++i) all[static_cast<std::size_t>(i)] = i;
    EXPECT_EQ(datagrams(network_options()), all);

    const auto fewer = datagrams(network_options().datagram_loss(0.3));
    EXPECT_NEAR(static_cast<double>(fewer.size()), 70, 25);
    EXPECT_TRUE(std::ranges::is_sorted(fewer));
    EXPECT_TRUE(datagrams(network_options().datagram_loss(1)).empty());

    auto more = datagrams(network_options().datagram_duplication(0.3));
    EXPECT_NEAR(static_cast<double>(more.size()), 130, 25);

    auto mixed = datagrams(network_options().delay(1ms, 100ms));
    EXPECT_FALSE(std::ranges::is_sorted(mixed));
    std::ranges::sort(mixed);
    EXPECT_EQ(mixed, all);
}

TEST(simulated_network, replays_its_faults) {
    const auto play = [](std::uint64_t seed) {
        simulation world(seed);
        world.network(network_options().delay(0ms, 5ms).reset_chance(0.02).connect_failure(0.1));
        world.run([] {
            const tcp_listener listener(address::loopback(0));
            for (int i = 0; i < 10; ++i) {
                try {
                    tcp_stream near = await(tcp_stream::connect(listener.local_address()));
                    tcp_stream far = await(listener.accept());
                    for (int k = 0; k < 10; ++k) {
                        await(near.write_all("ping"));
                        if (hears_nothing(far, 1min)) break;
                    }
                } catch (const std::exception&) {
                    continue;
                }
            }
        });
        return world.choices().trace_hash();
    };
    for (const std::uint64_t seed : seeds()) EXPECT_EQ(play(seed), play(seed)) << seed;
}

TEST(simulated_network, is_perfect_without_an_oracle) {
    weft::run(weft::options().watchdog({}).driver([]() -> std::unique_ptr<weft::driver> {
        auto world = std::make_unique<weft::testing::simulator>();
        world->network(
            network_options().reset_chance(1).connect_failure(1).accept_failure(1).datagram_loss(
                1));
        return world;
    }),
              [] {
                  connection c;
                  await(c.near.write_all("x"));
                  EXPECT_EQ(read_some(c.far), "x");
              });
}

TEST(simulated_network, refuses_what_makes_no_sense) {
    EXPECT_THROW(network_options().reset_chance(1.1), weft::usage_error);
    EXPECT_THROW(network_options().datagram_loss(-0.1), weft::usage_error);
    EXPECT_THROW(network_options().delay(2ms, 1ms), weft::usage_error);
    EXPECT_THROW(network_options().buffers(0, 1), weft::usage_error);
    EXPECT_THROW(network_options().unreachable("example.org"), weft::usage_error);
    simulation world(1);
    EXPECT_THROW(world.partition("10.0.0.1"), weft::usage_error) << "nothing runs";
}

}  // namespace
