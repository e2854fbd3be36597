// Datagrams.

#include "weft/net/udp_socket.hpp"

#include "weft/net/net_test.hpp"

#include <array>
#include <string>

namespace {

using weft::address;
using weft::await;
using weft::datagram;
using weft::udp_socket;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;

TEST(udp_socket, sends_and_receives_whole_datagrams) {
    in_both_kinds([](coroutine_kind kind) {
        udp_socket here(address::loopback(0));
        udp_socket there(address::loopback(0));
        for (const std::string text : {"one", "", "three"}) {
            get_as(kind, [&] { return here.send_to(text, there.local_address()); });
            std::array<char, 64> bytes{};
            const datagram got =
                get_as(kind, [&] { return there.receive_from(bytes.data(), bytes.size()); });
            EXPECT_EQ(std::string_view(bytes.data(), got.size), text);
            EXPECT_EQ(got.from, here.local_address());
            EXPECT_FALSE(got.is_truncated);
        }
    });
}

TEST(udp_socket, says_what_it_cut_off) {
    in_both_kinds([](coroutine_kind kind) {
        udp_socket here(address::loopback(0));
        udp_socket there(address::loopback(0));
        await(here.send_to("too much", there.local_address()));
        await(here.send_to("next", there.local_address()));
        std::array<char, 4> bytes{};
        const auto receive = [&] {
            return get_as(kind, [&] { return there.receive_from(bytes.data(), bytes.size()); });
        };
        EXPECT_TRUE(receive().is_truncated);
        EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), "too ");
        EXPECT_FALSE(receive().is_truncated);
        EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), "next");
    });
}

TEST(udp_socket, waits_for_a_datagram_and_can_be_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        udp_socket here(address::loopback(0));
        udp_socket there(address::loopback(0));
        std::array<char, 8> bytes{};
        const auto receive = [&] { return there.receive_from(bytes.data(), bytes.size()); };
        auto given_up = spawn_as(kind, receive);
        until_it_waits(given_up);
        given_up.cancel();
        await(given_up.join());
        EXPECT_TRUE(given_up.was_cancelled());
        auto waits = spawn_as(kind, receive);
        until_it_waits(waits);
        await(here.send_to("now", there.local_address()));
        EXPECT_EQ(await(waits).size, 3u);
    });
}

TEST(udp_socket, connected_hears_its_peer_only) {
    in_both_kinds([](coroutine_kind kind) {
        udp_socket here(address::loopback(0));
        udp_socket peer(address::loopback(0));
        udp_socket stranger(address::loopback(0));
        get_as(kind, [&] { return here.connect(peer.local_address()); });
        EXPECT_EQ(here.peer_address(), peer.local_address());
        await(stranger.send_to("strange", here.local_address()));
        await(peer.send_to("known", here.local_address()));
        std::array<char, 16> bytes{};
        const std::size_t n =
            get_as(kind, [&] { return here.receive(bytes.data(), bytes.size()); });
        EXPECT_EQ(std::string_view(bytes.data(), n), "known");
        get_as(kind, [&] { return here.send("back"); });
        EXPECT_EQ(await(peer.receive_from(bytes.data(), bytes.size())).from, here.local_address());
    });
}

TEST(udp_socket, over_ipv6) {
    in_both_kinds([](coroutine_kind kind) {
        udp_socket here(address::loopback_v6(0));
        await(here.send_to("six", here.local_address()));
        std::array<char, 8> bytes{};
        const auto got =
            get_as(kind, [&] { return here.receive_from(bytes.data(), bytes.size()); });
        EXPECT_EQ(got.from, here.local_address());
    });
}

TEST(udp_socket, refuses_what_is_too_long) {
    in_both_kinds([](coroutine_kind kind) {
        udp_socket here(address::loopback(0));
        const std::string endless(70'000, 'x');
        auto sends = spawn_as(kind, [&] { return here.send_to(endless, here.local_address()); });
        await(sends.join());
        EXPECT_EQ(weft::testing::failure_code(sends), std::errc::message_size);
    });
}

}  // namespace
