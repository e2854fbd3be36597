// Listening.

#include "weft/net/tcp_listener.hpp"

#include "weft/net/net_test.hpp"

#include <optional>
#include <vector>

namespace {

using weft::address;
using weft::await;
using weft::listen_options;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::testing::code_of;
using weft::testing::coroutine_kind;
using weft::testing::failure_code;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;

TEST(tcp_listener, accepts_in_order) {
    in_both_kinds([](coroutine_kind kind) {
        const tcp_listener listener(address::loopback(0));
        std::vector<tcp_stream> clients;
        for (int i = 0; i < 5; ++i)
            clients.push_back(await(tcp_stream::connect(listener.local_address())));
        for (const tcp_stream& client : clients) {
            auto accepts = spawn_as(kind, [&] { return listener.accept(); });
            EXPECT_EQ(await(accepts).peer_address(), client.local_address());
        }
    });
}

TEST(tcp_listener, several_wait_and_each_gets_one) {
    in_both_kinds([](coroutine_kind kind) {
        const tcp_listener listener(address::loopback(0));
        std::vector<weft::join_handle<tcp_stream>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(spawn_as(kind, [&] { return listener.accept(); }));
            until_it_waits(all.back());
        }
        std::vector<tcp_stream> clients;
        for (int i = 0; i < 3; ++i)
            clients.push_back(await(tcp_stream::connect(listener.local_address())));
        for (auto& one : all) EXPECT_TRUE(await(one));
    });
}

TEST(tcp_listener, closed_under_who_accepts_says_so) {
    in_both_kinds([](coroutine_kind kind) {
        tcp_listener listener(address::loopback(0));
        auto accepts = spawn_as(kind, [&] { return listener.accept(); });
        until_it_waits(accepts);
        listener.close();
        await(accepts.join());
        EXPECT_EQ(failure_code(accepts), std::errc::bad_file_descriptor);
    });
}

TEST(tcp_listener, cancelled_leaves_the_connection_to_the_next) {
    in_both_kinds([](coroutine_kind kind) {
        const tcp_listener listener(address::loopback(0));
        auto given_up = spawn_as(kind, [&] { return listener.accept(); });
        until_it_waits(given_up);
        given_up.cancel();
        await(given_up.join());
        ASSERT_TRUE(given_up.was_cancelled());
        const tcp_stream client = await(tcp_stream::connect(listener.local_address()));
        EXPECT_EQ(await(listener.accept()).peer_address(), client.local_address());
    });
}

TEST(tcp_listener, is_alone_at_its_address) {
    on_every_loop([] {
        std::optional<tcp_listener> first(std::in_place, address::loopback(0));
        const address at = first->local_address();
        EXPECT_EQ(code_of([&] { const tcp_listener second(at); }), std::errc::address_in_use);
        first.reset();
        const tcp_listener third(at);
        EXPECT_EQ(third.local_address(), at);
    });
}

TEST(tcp_listener, shares_its_address_when_all_agree) {
    on_every_loop([] {
        const auto shared = listen_options{}.reuse_port(true);
        const tcp_listener first(address::loopback(0), shared);
        const tcp_listener second(first.local_address(), shared);
        EXPECT_EQ(first.local_address(), second.local_address());
        EXPECT_EQ(code_of([&] { const tcp_listener third(first.local_address()); }),
                  std::errc::address_in_use);
    });
}

TEST(tcp_listener, says_where_it_could_not_listen) {
    on_every_loop([] {
        const address taken = tcp_listener(address::loopback(0)).local_address();
        const tcp_listener first(taken);
        const std::string text =
            weft::testing::thrown<std::system_error>([&] { const tcp_listener second(taken); });
        EXPECT_NE(text.find(taken.to_string()), std::string::npos) << text;
    });
}

}  // namespace
