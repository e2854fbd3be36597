// The rules of stream sockets, on every driver: connecting, bytes, ends.

#include "tests/socket_contract_test.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <netinet/tcp.h>

namespace {

using namespace std::chrono_literals;
using code = weft::operation_code;
using ::testing::AnyOf;
using weft::testing::message;
using weft::testing::request;
using weft::testing::sock_address;

class sockets_of_streams : public weft::testing::socket_contract {};

INSTANTIATE_TEST_SUITE_P(drivers, sockets_of_streams, ::testing::ValuesIn(weft::testing::setups()),
                         weft::testing::setup_name);

constexpr std::array domains{AF_INET, AF_INET6, AF_UNIX};

TEST_P(sockets_of_streams, connect_and_know_each_others_addresses) {
    for (const int domain : domains) {
        const int server = listener(domain);
        const sock_address at = address_of(server);
        EXPECT_TRUE(domain == AF_UNIX || at.port() != 0) << "an ephemeral one";
        const int client = open(domain);
        EXPECT_EQ(connect(client, at), 0);
        const int accepted = accept(server);
        EXPECT_EQ(peer_of(client), at);
        EXPECT_EQ(address_of(accepted), at);
        EXPECT_EQ(peer_of(accepted), address_of(client));
        send_all(client, "ping");
        EXPECT_EQ(receive_all(accepted, 4), "ping");
        send_all(accepted, "pong");
        EXPECT_EQ(receive_all(client, 4), "pong");
        close(server);
    }
}

TEST_P(sockets_of_streams, accept_who_came_first_and_wait_for_who_comes_later) {
    const int server = listener(AF_INET);
    request one(code::accept, server);
    request two(code::accept, server);
    expect_waits(one);
    expect_waits(two);
    const int first = open(AF_INET);
    EXPECT_EQ(connect(first, address_of(server)), 0);
    keep(static_cast<int>(world_.finish(one)));
    EXPECT_FALSE(two.is_complete());
    const int second = open(AF_INET);
    EXPECT_EQ(connect(second, address_of(server)), 0);
    keep(static_cast<int>(world_.finish(two)));
    EXPECT_EQ(peer_of(static_cast<int>(one.result)), address_of(first));
    EXPECT_EQ(peer_of(static_cast<int>(two.result)), address_of(second));
}

TEST_P(sockets_of_streams, are_ready_to_accept_when_somebody_came) {
    const int server = listener(AF_INET);
    request somebody(code::readable, server);
    expect_waits(somebody);
    const int client = open(AF_INET);
    EXPECT_EQ(connect(client, address_of(server)), 0);
    EXPECT_EQ(world_.finish(somebody), 0);
    EXPECT_EQ(world_.run(code::readable, server), 0);
    accept(server);
    EXPECT_EQ(world_.run(code::writable, client), 0);
}

TEST_P(sockets_of_streams, are_refused_where_nobody_listens_and_may_try_again) {
    for (const int domain : {AF_INET, AF_INET6}) {
        const int bound = open(domain);
        EXPECT_EQ(bind(bound, sock_address::any(domain, "")), 0);
        const int client = open(domain);
        EXPECT_EQ(connect(client, address_of(bound)), -ECONNREFUSED);
        EXPECT_EQ(get(client, SOL_SOCKET, SO_ERROR), 0) << "it was reported";
        EXPECT_EQ(sockets_.listen(bound, 1), 0);
        EXPECT_EQ(connect(client, address_of(bound)), 0);
    }
    const int client = open(AF_UNIX);
    EXPECT_EQ(connect(client, sock_address::local("nobody")), -ECONNREFUSED);
}

TEST_P(sockets_of_streams, send_to_an_end_that_reads_until_it) {
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        send_all(client, "request");
        EXPECT_EQ(sockets_.shutdown(client, SHUT_WR), 0);
        EXPECT_EQ(send(client, "x"), -EPIPE);
        EXPECT_EQ(receive_all(server, 100), "request");
        EXPECT_EQ(receive_error(server), 0) << "and again";
        send_all(server, "answer");
        close(server);
        EXPECT_EQ(receive_all(client, 100), "answer") << "the other half is open";
        EXPECT_EQ(receive_error(client), 0);
    }
}

TEST_P(sockets_of_streams, wake_who_waits_by_bytes_an_end_or_room) {
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        std::string bytes(16, '\0');
        request waits(code::receive, server, bytes);
        request ready(code::readable, server);
        expect_waits(waits);
        expect_waits(ready);
        send_all(client, "a");
        EXPECT_EQ(world_.finish(waits), 1);
        send_all(client, "b");
        EXPECT_EQ(world_.finish(ready), 0);
        EXPECT_EQ(receive_all(server, 1), "b");
        request end(code::receive, server, bytes);
        expect_waits(end);
        close(client);
        EXPECT_EQ(world_.finish(end), 0);
    }
}

TEST_P(sockets_of_streams, hold_back_who_sends_to_one_that_does_not_read) {
    for (const int domain : {AF_INET, AF_UNIX}) {
        const auto [client, server] = connected(domain);
        const std::string block(std::size_t{1} << 16, 'x');
        std::size_t sent = 0;
        std::optional<request> blocked;
        for (;;) {
            blocked.emplace(code::send, client, const_cast<char*>(block.data()), block.size());
            if (!world_.start(*blocked).done_at_once) {
                for (int i = 0; i < 3; ++i) driver_->park(driver_->now() + 30ms);
                if (!blocked->is_complete()) break;
            }
            ASSERT_GT(blocked->result, 0);
            sent += static_cast<std::size_t>(blocked->result);
            ASSERT_LT(sent, std::size_t{64} << 20);
        }
        request room(code::writable, client);
        EXPECT_FALSE(world_.start(room).done_at_once);
        EXPECT_EQ(receive_all(server, sent), std::string(sent, 'x'));
        const std::int64_t more = world_.finish(*blocked);
        ASSERT_GT(more, 0);
        EXPECT_EQ(receive_all(server, static_cast<std::size_t>(more)).size(), more);
        EXPECT_EQ(world_.finish(room), 0);
    }
}

TEST_P(sockets_of_streams, are_reset_by_a_close_with_bytes_that_nobody_read) {
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        send_all(client, "unread");
        EXPECT_EQ(world_.run(code::readable, server), 0);
        send_all(server, "before");
        std::string bytes(100, '\0');
        EXPECT_EQ(world_.run(code::readable, client), 0);
        EXPECT_EQ(receive_all(client, 6), "before");
        request waits(code::receive, client, bytes);
        expect_waits(waits);
        close(server);
        EXPECT_EQ(world_.finish(waits), -ECONNRESET);
        EXPECT_EQ(receive_error(client), 0) << "an error is reported once";
        EXPECT_EQ(send(client, "x"), -EPIPE);
        EXPECT_EQ(world_.run(code::writable, client), 0);
    }
}

TEST_P(sockets_of_streams, are_reset_by_a_close_that_does_not_linger) {
    const auto [client, server] = connected();
    const linger at_once{1, 0};
    EXPECT_EQ(sockets_.set_option(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(server);
    EXPECT_EQ(receive_error(client), -ECONNRESET);
}

TEST_P(sockets_of_streams, break_for_who_sends_to_one_that_is_closed) {
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        close(server);
        EXPECT_EQ(receive_error(client), 0);
        EXPECT_EQ(send_until_error(client), -EPIPE);
    }
    const auto [client, server] = connected();
    close(server);
    EXPECT_THAT(send_until_error(client), AnyOf(-EPIPE, -ECONNRESET));
}

TEST_P(sockets_of_streams, are_reset_when_nobody_accepts_before_the_listener_closes) {
    for (const int domain : domains) {
        const int server = listener(domain);
        const int client = open(domain);
        EXPECT_EQ(connect(client, address_of(server)), 0);
        close(server);
        EXPECT_EQ(receive_error(client), -ECONNRESET);
    }
}

TEST_P(sockets_of_streams, take_messages_of_several_parts) {
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        std::string one = "scatter";
        std::string two = "gather";
        std::array<iovec, 3> parts{iovec{one.data(), one.size()}, iovec{nullptr, 0},
                                   iovec{two.data(), two.size()}};
        msghdr whole{};
        whole.msg_iov = parts.data();
        whole.msg_iovlen = parts.size();
        const std::int64_t sent = world_.run(code::send_message, client, &whole);
        ASSERT_GT(sent, 0);
        const std::string expected = (one + two).substr(0, static_cast<std::size_t>(sent));
        std::string got;
        while (got.size() < expected.size()) {
            std::string a(3, '\0');
            std::string b(20, '\0');
            std::array<iovec, 2> rooms{iovec{a.data(), a.size()}, iovec{b.data(), b.size()}};
            msghdr into{};
            into.msg_iov = rooms.data();
            into.msg_iovlen = rooms.size();
            const std::int64_t n = world_.run(code::receive_message, server, &into);
            ASSERT_GT(n, 0);
            got += (a + b).substr(0, static_cast<std::size_t>(n));
        }
        EXPECT_EQ(got, expected);
    }
}

TEST_P(sockets_of_streams, send_files) {
    std::array<char, 32> name{"/tmp/weft_send_file_XXXXXX"};
    const int file = ::mkstemp(name.data());
    ASSERT_GE(file, 0);
    ::unlink(name.data());
    ASSERT_EQ(::write(file, "0123456789", 10), 10);
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        std::string got;
        weft::file_part part{file, 3};
        for (;;) {
            const std::int64_t sent = world_.run(code::send_file, client, &part, 100);
            ASSERT_GE(sent, 0);
            if (sent == 0) break;
            part.offset += sent;
        }
        EXPECT_EQ(receive_all(server, 7), "3456789");
        close(server);
        EXPECT_EQ(domain == AF_UNIX ? world_.run(code::send_file, client, &(part = {file, 0}), 4)
                                    : -EPIPE,
                  -EPIPE);
    }
    ::close(file);
}

TEST_P(sockets_of_streams, serve_two_streams_in_one_connection) {
    for (const int domain : domains) {
        const auto [client, server] = connected(domain);
        std::string in(1, '\0');
        request waits(code::receive, client, in);
        expect_waits(waits);
        send_all(client, "out");
        EXPECT_EQ(receive_all(server, 3), "out");
        EXPECT_FALSE(waits.is_complete()) << "the directions are apart";
        send_all(server, "i");
        EXPECT_EQ(world_.finish(waits), 1);
    }
}

TEST_P(sockets_of_streams, keep_an_address_from_others) {
    for (const int domain : domains) {
        const int one = listener(domain);
        const int two = open(domain);
        EXPECT_EQ(bind(two, address_of(one)), -EADDRINUSE);
        EXPECT_EQ(bind(one, sock_address::any(domain, "again")), -EINVAL) << "it has one";
    }
    const int one = open(AF_INET);
    const int two = open(AF_INET);
    for (const int fd : {one, two}) EXPECT_EQ(set(fd, SOL_SOCKET, SO_REUSEPORT, 1), 0);
    EXPECT_EQ(bind(one, sock_address::v4(0)), 0);
    EXPECT_EQ(bind(two, address_of(one)), 0);
    for (const int fd : {one, two}) EXPECT_EQ(sockets_.listen(fd, 1), 0);
}

TEST_P(sockets_of_streams, leave_an_address_to_who_comes_after_the_listener) {
    const int server = listener(AF_INET);
    const sock_address at = address_of(server);
    const int client = open(AF_INET);
    EXPECT_EQ(connect(client, at), 0);
    const int accepted = accept(server);
    close(server);
    const int plain = open(AF_INET);
    EXPECT_EQ(bind(plain, at), -EADDRINUSE) << "a connection has it";
    const int next = open(AF_INET);
    EXPECT_EQ(set(next, SOL_SOCKET, SO_REUSEADDR, 1), 0);
    EXPECT_EQ(set(accepted, SOL_SOCKET, SO_REUSEADDR, 1), 0);
    EXPECT_EQ(bind(next, at), 0);
    EXPECT_EQ(sockets_.listen(next, 1), 0);
}

TEST_P(sockets_of_streams, remember_their_options) {
    const auto [client, server] = connected();
    EXPECT_EQ(set(client, IPPROTO_TCP, TCP_NODELAY, 1), 0);
    EXPECT_EQ(get(client, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(get(server, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_EQ(set(client, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
    EXPECT_EQ(get(client, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(set(client, SOL_SOCKET, SO_SNDBUF, 10'000), 0);
    EXPECT_EQ(get(client, SOL_SOCKET, SO_SNDBUF), 20'000) << "Linux doubles it";
    EXPECT_EQ(get(client, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    EXPECT_EQ(get(client, SOL_SOCKET, SO_DOMAIN), AF_INET);
    EXPECT_EQ(get(client, SOL_SOCKET, SO_ACCEPTCONN), 0);
    EXPECT_EQ(get(listener(AF_INET), SOL_SOCKET, SO_ACCEPTCONN), 1);
    EXPECT_EQ(sockets_.set_option(client, IPPROTO_TCP, TCP_NODELAY, "", 1), -EINVAL);
    EXPECT_LT(set(open_pair()[0], IPPROTO_TCP, TCP_NODELAY, 1), 0);
}

}  // namespace
