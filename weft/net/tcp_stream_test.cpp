// Connections over TCP, on every loop, in both kinds of coroutine.

#include "weft/net/tcp_stream.hpp"

#include "weft/net/net_test.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

namespace {

using weft::address;
using weft::await;
using weft::spawn;
using weft::task;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::testing::connection;
using weft::testing::coroutine_kind;
using weft::testing::failure_code;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::much;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

TEST(tcp_stream, carries_bytes_both_ways) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        get_as(kind, [&] { return c.near.write_all(std::string_view("question")); });
        EXPECT_EQ(get_as(kind, [&] { return c.far.read_exactly(8); }), "question");
        get_as(kind, [&] { return c.far.write_all(std::string_view("answer")); });
        EXPECT_EQ(get_as(kind, [&] { return c.near.read_exactly(6); }), "answer");
    });
}

TEST(tcp_stream, waits_for_bytes) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        std::array<char, 16> bytes{};
        auto reads = spawn_as(kind, [&] { return c.far.read_some(bytes.data(), bytes.size()); });
        until_it_waits(reads);
        await(c.near.write_all(std::string_view("x")));
        EXPECT_EQ(await(reads), 1u);
    });
}

TEST(tcp_stream, half_closed_still_reads) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        await(c.near.write_all(std::string_view("last words")));
        c.near.close_write();
        EXPECT_EQ(get_as(kind, [&] { return c.far.read_all(100); }), "last words");
        await(c.far.write_all(std::string_view("heard")));
        c.far.close();
        EXPECT_EQ(get_as(kind, [&] { return c.near.read_all(100); }), "heard");
    });
}

TEST(tcp_stream, that_meets_its_end_meets_it_again) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        c.far.close();
        char byte = 0;
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(get_as(kind, [&] { return c.near.read_some(&byte, 1); }), 0u);
        EXPECT_EQ(get_as(kind, [&] { return c.near.read_line(); }), std::nullopt);
    });
}

TEST(tcp_stream, gives_lines) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        await(c.near.write_all(std::string_view("one\r\ntwo\n\nand a last one")));
        c.near.close();
        std::vector<std::string> lines;
        while (auto line = get_as(kind, [&] { return c.far.read_line(); })) lines.push_back(*line);
        EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "and a last one"}));
    });
}

// A peer that never sends a newline is an error, not memory.
TEST(tcp_stream, refuses_a_line_without_end) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        auto sends = spawn([&] { await(c.near.write_all(much())); });
        auto line = spawn_as(kind, [&] { return c.far.read_line(1000); });
        await(line.join());
        EXPECT_NE(
            weft::testing::thrown<weft::line_too_long>([&] { static_cast<void>(line.value()); }),
            "");
        c.far.reset();
        await(sends.join());
        EXPECT_FALSE(sends.successful());
        EXPECT_EQ(failure_code(sends), std::errc::connection_reset);
    });
}

TEST(tcp_stream, mixes_lines_and_bytes) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        await(c.near.write_all(std::string_view("length 5\nhellomore")));
        c.near.close_write();
        EXPECT_EQ(get_as(kind, [&] { return c.far.read_line(); }), "length 5");
        EXPECT_EQ(get_as(kind, [&] { return c.far.read_exactly(5); }), "hello");
        std::string rest;
        std::array<char, 3> bytes{};
        while (const std::size_t n = await(c.far.read_some(bytes.data(), bytes.size())))
            rest.append(bytes.data(), n);
        EXPECT_EQ(rest, "more");
    });
}

TEST(tcp_stream, says_that_it_ended_too_early) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        await(c.near.write_all(std::string_view("abc")));
        c.near.close();
        auto reads = spawn_as(kind, [&] { return c.far.read_exactly(10); });
        await(reads.join());
        EXPECT_NE(
            weft::testing::thrown<weft::unexpected_end>([&] { static_cast<void>(reads.value()); }),
            "");
        EXPECT_EQ(await(c.far.read_all(10)), "abc") << "what had come is not lost";
    });
}

// A slow peer: the writer waits, and nothing piles up in this process.
TEST(tcp_stream, waits_for_a_slow_reader) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        auto writes = spawn_as(kind, [&] { return c.near.write_all(much()); });
        until_it_waits(writes);
        EXPECT_FALSE(writes.ready());
        std::vector<char> bytes(1 << 16);
        std::size_t got = 0;
        while (got < much().size()) got += await(c.far.read_some(bytes.data(), bytes.size()));
        await(writes);
        EXPECT_EQ(got, much().size());
    });
}

TEST(tcp_stream, says_how_much_it_had_written_when_it_was_reset) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        auto writes = spawn_as(kind, [&] { return c.near.write_all(much()); });
        until_it_waits(writes);
        std::array<char, 1000> bytes{};
        EXPECT_GT(await(c.far.read_some(bytes.data(), bytes.size())), 0u);
        c.far.reset();
        await(writes.join());
        try {
            writes.value();
            ADD_FAILURE();
        } catch (const weft::write_error& e) {
            EXPECT_EQ(e.code(), std::errc::connection_reset);
            EXPECT_GT(e.written(), 0u);
            EXPECT_LT(e.written(), much().size());
        }
    });
}

TEST(tcp_stream, reset_is_an_error_of_the_reader) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        std::array<char, 8> bytes{};
        auto reads = spawn_as(kind, [&] { return c.near.read_some(bytes.data(), bytes.size()); });
        until_it_waits(reads);
        c.far.reset();
        await(reads.join());
        EXPECT_EQ(failure_code(reads), std::errc::connection_reset);
    });
}

// PROGRAMS.md asks for no SIGPIPE ever: it would end this process.
TEST(tcp_stream, never_raises_sigpipe) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        c.far.close();
        std::errc code{};
        // The first write may be on its way before the answer that nobody is there.
        while (code == std::errc()) {
            auto writes = spawn_as(kind, [&] { return c.near.write_all(std::string_view("x")); });
            await(writes.join());
            if (!writes.successful()) code = failure_code(writes);
        }
        EXPECT_THAT(code, ::testing::AnyOf(std::errc::broken_pipe, std::errc::connection_reset));
    });
}

TEST(tcp_stream, closed_under_its_reader_says_so) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        std::array<char, 8> bytes{};
        auto reads = spawn_as(kind, [&] { return c.near.read_some(bytes.data(), bytes.size()); });
        until_it_waits(reads);
        c.near.close();
        await(reads.join());
        EXPECT_EQ(failure_code(reads), std::errc::bad_file_descriptor);
    });
}

TEST(tcp_stream, cancelled_while_it_reads_loses_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        auto reads = spawn_as(kind, [&] { return c.far.read_exactly(6); });
        await(c.near.write_all(std::string_view("abc")));
        until_it_waits(reads);
        reads.cancel();
        await(reads.join());
        EXPECT_TRUE(reads.was_cancelled());
        await(c.near.write_all(std::string_view("def")));
        EXPECT_EQ(await(c.far.read_exactly(6)), "abcdef");
    });
}

TEST(tcp_stream, to_nobody_is_refused) {
    in_both_kinds([](coroutine_kind kind) {
        std::optional<tcp_listener> listener(std::in_place, address::loopback(0));
        const address nobody = listener->local_address();
        listener.reset();
        auto connects = spawn_as(kind, [&] { return tcp_stream::connect(nobody); });
        await(connects.join());
        EXPECT_EQ(failure_code(connects), std::errc::connection_refused);
        EXPECT_NE(weft::testing::thrown<std::system_error>([&] {
                      static_cast<void>(connects.value());
                  }).find("connecting to " + nobody.to_string()),
                  std::string::npos);
    });
}

TEST(tcp_stream, reads_from_who_writes_one_byte_at_a_time) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        auto writes = spawn([&] {
            for (const char byte : std::string_view("a slow peer\n")) {
                await(c.near.write_all(std::string_view(&byte, 1)));
                await(weft::sleep(1ms));
            }
        });
        EXPECT_EQ(get_as(kind, [&] { return c.far.read_line(); }), "a slow peer");
        await(writes);
    });
}

TEST(tcp_stream, over_ipv6) {
    in_both_kinds([](coroutine_kind kind) {
        const tcp_listener listener(address::loopback_v6(0), weft::listen_options{}.v6_only(true));
        tcp_stream near =
            get_as(kind, [&] { return tcp_stream::connect(listener.local_address()); });
        tcp_stream far = get_as(kind, [&] { return listener.accept(); });
        EXPECT_EQ(far.peer_address(), near.local_address());
        await(near.write_all(std::string_view("six")));
        EXPECT_EQ(await(far.read_exactly(3)), "six");
    });
}

TEST(tcp_stream, by_the_name_of_its_host) {
    in_both_kinds([](coroutine_kind kind) {
        const tcp_listener listener(address::loopback(0));
        const std::uint16_t port = listener.local_address().port();
        auto connects = spawn_as(kind, [port] { return tcp_stream::connect("127.0.0.1", port); });
        EXPECT_TRUE(await(listener.accept()));
        EXPECT_TRUE(await(connects));
    });
}

TEST(tcp_stream, from_an_address_of_its_own) {
    in_both_kinds([](coroutine_kind kind) {
        const tcp_listener listener(address::loopback(0));
        const address here = address::ip("127.0.0.9", 0);
        tcp_stream near = get_as(kind, [&] {
            return tcp_stream::connect(listener.local_address(),
                                       weft::connect_options{}.from(here));
        });
        EXPECT_EQ(near.local_address().host(), "127.0.0.9");
        EXPECT_EQ(await(listener.accept()).peer_address().host(), "127.0.0.9");
    });
}

TEST(tcp_stream, sends_pieces_by_one_call) {
    in_both_kinds([](coroutine_kind kind) {
        connection c;
        const std::array<std::string_view, 3> pieces{"one ", "", "two"};
        std::size_t sent = get_as(kind, [&] { return c.near.write_some(pieces); });
        EXPECT_GT(sent, 0u);
        EXPECT_EQ(await(c.far.read_exactly(sent)), std::string("one two").substr(0, sent));
    });
}

TEST(tcp_stream, has_addresses_and_options) {
    weft::testing::on_every_loop([] {
        connection c;
        EXPECT_EQ(c.near.peer_address(), c.listener.local_address());
        EXPECT_EQ(c.near.local_address(), c.far.peer_address());
        EXPECT_TRUE(c.near.no_delay());
        EXPECT_TRUE(c.far.no_delay()) << "accepted ones too";
        c.near.set_no_delay(false);
        EXPECT_FALSE(c.near.no_delay());
        c.near.set_receive_buffer(8192);
        EXPECT_GE(c.near.receive_buffer(), 8192u);
        c.near.set_keep_alive(weft::keep_alive{}.idle(5s).interval(1s).probes(3));
        c.near.set_user_timeout(10s);
        EXPECT_FALSE(c.near.pending_error());
    });
}

TEST(tcp_stream, needs_a_loop) {
    const std::string text = weft::testing::thrown<weft::usage_error>(
        [] { const tcp_listener listener(address::loopback(0)); });
    EXPECT_NE(text.find("tcp_listener"), std::string::npos) << text;
}

}  // namespace
