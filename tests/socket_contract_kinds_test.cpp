// The rules of sockets, on every driver: datagrams, and what only AF_UNIX has.

#include "tests/socket_contract_test.hpp"

#include <cerrno>
#include <gmock/gmock.h>

namespace {

using namespace std::chrono_literals;
using code = weft::operation_code;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using weft::testing::message;
using weft::testing::request;
using weft::testing::sock_address;

class sockets_of_other_kinds : public weft::testing::socket_contract {
protected:
    int bound(int domain, const char* name = "datagrams") {
        const int fd = open(domain, SOCK_DGRAM);
        EXPECT_EQ(bind(fd, sock_address::any(domain, name)), 0);
        return fd;
    }
    std::int64_t send_to(int fd, std::string bytes, sock_address to) {
        message m(bytes);
        return world_.run(code::send_message, fd, static_cast<msghdr*>(&m.to(to)));
    }
    std::int64_t receive(int fd, message& into) {
        return world_.run(code::receive_message, fd, static_cast<msghdr*>(&into));
    }
    using socket_contract::receive;
};

INSTANTIATE_TEST_SUITE_P(drivers, sockets_of_other_kinds,
                         ::testing::ValuesIn(weft::testing::setups()), weft::testing::setup_name);

TEST_P(sockets_of_other_kinds, keep_the_borders_of_datagrams_and_say_where_they_are_from) {
    for (const int domain : {AF_INET, AF_INET6, AF_UNIX}) {
        const int server = bound(domain);
        const int client = bound(domain, "client");
        for (const char* const text : {"first", "", "the last one"}) {
            EXPECT_EQ(send_to(client, text, address_of(server)), std::strlen(text));
            EXPECT_EQ(world_.run(code::readable, server), 0);
            std::string bytes(7, '\0');
            sock_address from;
            message into(bytes);
            const std::int64_t got = receive(server, into.to(from));
            EXPECT_EQ(bytes.substr(0, static_cast<std::size_t>(got)),
                      std::string(text).substr(0, 7));
            EXPECT_EQ((into.msg_flags & MSG_TRUNC) != 0, std::strlen(text) > 7);
            from.size = into.msg_namelen;
            EXPECT_EQ(from, address_of(client));
        }
        std::string bytes(7, '\0');
        request waits(code::receive, server, bytes);
        expect_waits(waits);  // what was cut off is gone
        close(server);
        close(client);
    }
}

TEST_P(sockets_of_other_kinds, talk_to_one_peer_when_connected) {
    for (const int domain : {AF_INET, AF_INET6}) {
        const int server = bound(domain);
        const int client = open(domain, SOCK_DGRAM);
        const int stranger = bound(domain, "stranger");
        EXPECT_EQ(send(client, "x"), -EDESTADDRREQ);
        EXPECT_EQ(connect(client, address_of(server)), 0);
        EXPECT_EQ(peer_of(client), address_of(server));
        EXPECT_EQ(send_to(stranger, "intruder", address_of(client)), 8);
        for (int i = 0; i < 3; ++i) driver_->park(driver_->now() + 20ms);
        EXPECT_EQ(send(client, "question"), 8);
        std::string bytes(20, '\0');
        EXPECT_EQ(receive(server, bytes), 8);
        EXPECT_EQ(send_to(server, "answer", address_of(client)), 6);
        EXPECT_EQ(receive(client, bytes), 6);
        EXPECT_EQ(bytes.substr(0, 6), "answer");
    }
}

TEST_P(sockets_of_other_kinds, learn_that_nobody_takes_their_datagrams) {
    const int server = bound(AF_INET);
    const sock_address at = address_of(server);
    close(server);
    const int client = open(AF_INET, SOCK_DGRAM);
    EXPECT_EQ(connect(client, at), 0);
    EXPECT_EQ(send(client, "x"), 1);
    EXPECT_EQ(receive_error(client), -ECONNREFUSED);
    const int other = open(AF_UNIX, SOCK_DGRAM);
    EXPECT_EQ(send_to(other, "x", sock_address::local("no one")), -ECONNREFUSED);
}

TEST_P(sockets_of_other_kinds, refuse_what_is_too_large_or_of_the_wrong_kind) {
    const int one = bound(AF_INET);
    EXPECT_EQ(send_to(one, std::string(65'508, 'x'), address_of(one)), -EMSGSIZE);
    EXPECT_EQ(sockets_.listen(one, 1), -EOPNOTSUPP);
    EXPECT_EQ(world_.run(code::accept, one), -EOPNOTSUPP);
    EXPECT_EQ(sockets_.shutdown(one, SHUT_RD), -ENOTCONN);
    const int two = open(AF_INET, SOCK_DGRAM);
    EXPECT_EQ(bind(two, address_of(one)), -EADDRINUSE);
    // Those of TCP are others; of this machine's, somebody else may have it.
    EXPECT_TRUE(sim_ == nullptr || bind(open(AF_INET), address_of(one)) == 0);
}

TEST_P(sockets_of_other_kinds, wait_for_room_for_datagrams_of_unix) {
    const auto [one, two] = open_pair(SOCK_DGRAM);
    std::string bytes(100, 'x');
    std::size_t sent = 0;
    std::optional<request> blocked;
    for (;; ++sent) {
        ASSERT_LT(sent, 10'000u);
        blocked.emplace(code::send, one, bytes);
        world_.start(*blocked);
        for (int i = 0; i < 3 && !blocked->is_complete(); ++i) driver_->park(driver_->now() + 6ms);
        if (!blocked->is_complete()) break;
        EXPECT_EQ(blocked->result, 100);
    }
    EXPECT_GT(sent, 0u);
    for (std::size_t i = 0; i < sent; ++i) EXPECT_EQ(receive(two, bytes), 100);
    EXPECT_EQ(world_.finish(*blocked), 100);
}

TEST_P(sockets_of_other_kinds, come_in_connected_pairs) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        const auto [one, two] = open_pair(type);
        EXPECT_EQ(send(one, "a"), 1);
        EXPECT_EQ(send(two, "b"), 1);
        std::string byte(1, '\0');
        EXPECT_EQ(receive(two, byte), 1);
        EXPECT_EQ(byte, "a");
        EXPECT_EQ(receive(one, byte), 1);
        EXPECT_EQ(byte, "b");
        close(two);
        EXPECT_EQ(send(one, "x"), type == SOCK_STREAM ? -EPIPE : -ECONNREFUSED);
        EXPECT_TRUE(type == SOCK_DGRAM || receive_error(one) == 0);
    }
}

TEST_P(sockets_of_other_kinds, pass_descriptors_with_their_bytes) {
    const auto [one, two] = open_pair();
    const auto passed = open_pair();
    std::string bytes = "with a socket";
    message sent(bytes);
    send_all(one, "plain");
    const std::int64_t count =
        world_.run(code::send_message, one, static_cast<msghdr*>(&sent.pass({passed[1], in_})));
    ASSERT_GT(count, 0);
    EXPECT_EQ(close(passed[1]), 0) << "under way it stays open";

    EXPECT_EQ(receive_all(two, 5), "plain");
    std::string room(100, '\0');
    message got(room);
    ASSERT_GT(receive(two, got.room_for_files(4)), 0);
    ASSERT_THAT(got.files(), SizeIs(2));
    const int far = keep(got.files()[0]);
    const int reader = keep(got.files()[1]);
    for (const int fd : {far, reader}) EXPECT_EQ(driver_->adopt(fd), 0);
    send_all(passed[0], "through");
    EXPECT_EQ(receive_all(far, 7), "through");
    world_.write_all(out_, "p");
    EXPECT_EQ(world_.read_all(reader, 1), "p") << "it stands for the same pipe";
    close(far);
    EXPECT_EQ(receive_error(passed[0]), 0) << "nobody has it any more";
}

TEST_P(sockets_of_other_kinds, close_the_descriptors_that_nobody_takes) {
    std::string bytes = "x";
    for (const int how : {0, 1, 2}) {
        const auto [one, two] = open_pair();
        const auto passed = open_pair();
        message sent(bytes);
        EXPECT_EQ(
            world_.run(code::send_message, one, static_cast<msghdr*>(&sent.pass({passed[1]}))), 1);
        close(passed[1]);
        if (how == 0) {
            std::string byte(1, '\0');
            EXPECT_EQ(receive(two, byte), 1);
        } else if (how == 1) {
            std::string byte(1, '\0');
            message got(byte);
            EXPECT_EQ(receive(two, got), 1);
            EXPECT_NE(got.msg_flags & MSG_CTRUNC, 0);
        } else {
            close(two);
        }
        EXPECT_EQ(receive_error(passed[0]), 0);
    }
    message bad(bytes);
    EXPECT_EQ(
        world_.run(code::send_message, open_pair()[0], static_cast<msghdr*>(&bad.pass({900'000}))),
        -EBADF);
}

TEST_P(sockets_of_other_kinds, may_be_under_way_through_themselves) {
    const auto [one, two] = open_pair();
    std::string bytes = "x";
    message sent(bytes);
    EXPECT_EQ(world_.run(code::send_message, one, static_cast<msghdr*>(&sent.pass({one, two}))), 1);
    // Nobody can take them out of there: the driver, or the kernel, has them to the end.
}

TEST_P(sockets_of_other_kinds, know_who_is_at_the_other_end_of_a_unix_one) {
    ucred who{};
    std::size_t size = sizeof who;
    EXPECT_EQ(sockets_.get_option(open_pair()[0], SOL_SOCKET, SO_PEERCRED, &who, size), 0);
    EXPECT_EQ(who.pid, ::getpid());
    EXPECT_EQ(who.uid, ::getuid());
    const int plain = open(AF_UNIX);
    sock_address nameless = address_of(plain);
    EXPECT_EQ(nameless.size, sizeof(sa_family_t));
    nameless.size = sizeof(sa_family_t);
    EXPECT_EQ(bind(plain, nameless), 0) << "autobind";
    EXPECT_EQ(address_of(plain).size, sizeof(sa_family_t) + 6);
}

}  // namespace
