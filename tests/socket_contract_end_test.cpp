// The rules of sockets, on every driver: cancelling, closing, limits, misuse.

#include "tests/socket_contract_test.hpp"

#include "weft/base/descriptor_limit_test.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <optional>

namespace {

using namespace std::chrono_literals;
using code = weft::operation_code;
using ::testing::AnyOf;
using weft::testing::message;
using weft::testing::request;
using weft::testing::sock_address;

class sockets_at_their_ends : public weft::testing::socket_contract {};

INSTANTIATE_TEST_SUITE_P(drivers, sockets_at_their_ends,
                         ::testing::ValuesIn(weft::testing::setups()), weft::testing::setup_name);

TEST_P(sockets_at_their_ends, who_is_cancelled_takes_nothing) {
    const int server = listener(AF_INET);
    request accepts(code::accept, server);
    expect_waits(accepts);
    driver_->cancel(accepts);
    EXPECT_EQ(world_.finish(accepts), -ECANCELED);
    const int client = open(AF_INET);
    EXPECT_EQ(connect(client, address_of(server)), 0);
    const int accepted = accept(server);

    std::string bytes(8, '\0');
    message into(bytes);
    request one(code::receive, accepted, bytes);
    request two(code::receive_message, accepted, static_cast<msghdr*>(&into));
    request three(code::readable, accepted);
    for (request* r : {&one, &two, &three}) expect_waits(*r);
    for (request* r : {&one, &two, &three}) driver_->cancel(*r);
    for (request* r : {&one, &two, &three}) EXPECT_EQ(world_.finish(*r), -ECANCELED);
    send_all(client, "kept");
    EXPECT_EQ(receive_all(accepted, 4), "kept");
}

TEST_P(sockets_at_their_ends, a_cancellation_that_meets_a_connection_loses_none) {
    const int server = listener(AF_INET);
    request accepts(code::accept, server);
    expect_waits(accepts);
    const int client = open(AF_INET);
    EXPECT_EQ(connect(client, address_of(server)), 0);
    if (accepts.pending) driver_->cancel(accepts);
    std::int64_t result = world_.finish(accepts);
    if (result < 0) {
        EXPECT_EQ(result, -ECANCELED);
        result = world_.run(code::accept, server);
    }
    EXPECT_EQ(peer_of(keep(static_cast<int>(result))), address_of(client));
}

TEST_P(sockets_at_their_ends, a_connect_to_a_full_queue_waits_and_is_cancelled) {
    const int server = listener(AF_INET, 0);
    const sock_address at = address_of(server);
    EXPECT_EQ(connect(open(AF_INET), at), 0);
    const int late = open(AF_INET);
    request connects(code::connect, late, const_cast<char*>(at.bytes.data()), at.size);
    expect_waits(connects);
    request room(code::writable, late);
    EXPECT_FALSE(world_.start(room).done_at_once);
    driver_->cancel(connects);
    driver_->cancel(room);
    EXPECT_EQ(world_.finish(connects), -ECANCELED);
    EXPECT_EQ(world_.finish(room), -ECANCELED);
    sock_address nowhere;
    EXPECT_EQ(sockets_.peer_address(late, nowhere.bytes.data(), nowhere.size), -ENOTCONN);
}

TEST_P(sockets_at_their_ends, a_connect_that_waits_succeeds_when_there_is_room) {
    if (sim_ == nullptr) return;  // Linux asks again after a second, of real time
    const int server = listener(AF_INET, 0);
    const sock_address at = address_of(server);
    EXPECT_EQ(connect(open(AF_INET), at), 0);
    const int late = open(AF_INET);
    request connects(code::connect, late, const_cast<char*>(at.bytes.data()), at.size);
    expect_waits(connects);
    accept(server);
    EXPECT_EQ(world_.finish(connects), 0);
    EXPECT_EQ(peer_of(accept(server)), address_of(late));
}

TEST_P(sockets_at_their_ends, a_unix_queue_that_is_full_is_said_to_be) {
    const int server = listener(AF_UNIX, 0);
    EXPECT_EQ(connect(open(AF_UNIX), address_of(server)), 0);
    EXPECT_EQ(connect(open(AF_UNIX), address_of(server)), -EBUSY) << "no readiness would follow";
}

TEST_P(sockets_at_their_ends, who_waits_on_a_socket_that_is_closed_is_told_at_once) {
    const int server = listener(AF_INET);
    request accepts(code::accept, server);
    request somebody(code::readable, server);
    for (request* r : {&accepts, &somebody}) expect_waits(*r);
    EXPECT_EQ(close(server), 0);
    for (request* r : {&accepts, &somebody}) EXPECT_EQ(r->result, -EBADF);
    const auto [client, accepted] = connected();
    std::string bytes(8, '\0');
    request waits(code::receive, accepted, bytes);
    request ready(code::readable, accepted);
    for (request* r : {&waits, &ready}) expect_waits(*r);
    EXPECT_EQ(close(accepted), 0);
    for (request* r : {&waits, &ready}) {
        EXPECT_EQ(r->completions, 1);
        EXPECT_EQ(r->result, -EBADF);
    }
    EXPECT_EQ(send(accepted, "x"), -EBADF);
    EXPECT_EQ(receive_error(client), 0);
}

TEST_P(sockets_at_their_ends, a_listener_that_is_shut_accepts_nobody) {
    const int server = listener(AF_INET);
    request accepts(code::accept, server);
    expect_waits(accepts);
    const sock_address at = address_of(server);
    EXPECT_EQ(sockets_.shutdown(server, SHUT_RDWR), 0);
    EXPECT_EQ(world_.finish(accepts), -EINVAL);
    EXPECT_EQ(connect(open(AF_INET), at), -ECONNREFUSED);
}

TEST_P(sockets_at_their_ends, a_shutdown_wakes_who_waits_at_the_same_end) {
    for (const int domain : {AF_INET, AF_UNIX}) {
        const auto [client, server] = connected(domain);
        std::string bytes(8, '\0');
        request waits(code::receive, client, bytes);
        expect_waits(waits);
        EXPECT_EQ(sockets_.shutdown(client, SHUT_RDWR), 0);
        EXPECT_EQ(world_.finish(waits), 0);
        EXPECT_EQ(receive_error(server), 0);
        EXPECT_EQ(send(client, "x"), -EPIPE);
    }
}

TEST_P(sockets_at_their_ends, what_is_asked_of_the_wrong_one_fails_as_in_linux) {
    for (const int domain : {AF_INET, AF_INET6, AF_UNIX}) {
        const int fd = open(domain);
        EXPECT_EQ(world_.run(code::accept, fd), -EINVAL);
        EXPECT_EQ(send(fd, "x"), domain == AF_UNIX ? -ENOTCONN : -EPIPE);
        EXPECT_EQ(receive_error(fd), domain == AF_UNIX ? -EINVAL : -ENOTCONN);
        EXPECT_EQ(sockets_.shutdown(fd, SHUT_WR), domain == AF_UNIX ? 0 : -ENOTCONN);
        EXPECT_EQ(sockets_.shutdown(fd, 7), -EINVAL);
        sock_address nobody;
        EXPECT_EQ(sockets_.peer_address(fd, nobody.bytes.data(), nobody.size), -ENOTCONN);
        EXPECT_EQ(world_.run(code::readable, fd), 0) << "as poll says POLLHUP";
        EXPECT_EQ(connect(fd, sock_address::any(domain == AF_INET ? AF_INET6 : AF_INET, "")),
                  domain == AF_INET ? -EAFNOSUPPORT : -EINVAL);
        sock_address half = sock_address::v4(1);
        half.size = 3;
        EXPECT_EQ(bind(fd, half), -EINVAL);
    }
    const int server = listener(AF_INET);
    EXPECT_EQ(receive_error(server), -ENOTCONN);
    EXPECT_EQ(send(server, "x"), -EPIPE);
    std::string byte(1, '\0');
    EXPECT_EQ(receive(in_, byte), -ENOTSOCK);
    EXPECT_EQ(world_.run(code::accept, in_), -ENOTSOCK);
    EXPECT_EQ(sockets_.listen(in_, 1), -ENOTSOCK);
    EXPECT_EQ(sockets_.listen(-1, 1), -EBADF);
    EXPECT_LT(sockets_.open(AF_INET, 99, 0), 0);
    EXPECT_EQ(sockets_.open(AF_MAX + 1, SOCK_STREAM, 0), -EAFNOSUPPORT);
    EXPECT_EQ(sockets_.open(AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
    std::array<int, 2> ends{};
    EXPECT_EQ(sockets_.open_pair(AF_INET, SOCK_STREAM, ends), -EOPNOTSUPP);
}

/// No more than `more` descriptors, of the simulator or of this process, while it lives.
class few_descriptors {
public:
    few_descriptors(weft::testing::simulator* sim, std::size_t more) : sim_(sim) {
        if (sim_ == nullptr)
            real_.emplace(more);
        else
            sim_->descriptor_limit(sim_->open_count() + more);
    }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;
    ~few_descriptors() {
        if (sim_ != nullptr) sim_->descriptor_limit(SIZE_MAX);
    }

private:
    weft::testing::simulator* sim_;
    std::optional<weft::testing::descriptor_limit> real_;
};

TEST_P(sockets_at_their_ends, without_descriptors_nobody_is_accepted_or_lost) {
    const int server = listener(AF_INET);
    const int client = open(AF_INET);
    EXPECT_EQ(connect(client, address_of(server)), 0);
    EXPECT_EQ(world_.run(code::readable, server), 0);
    {
        const few_descriptors none(sim_, 0);
        EXPECT_EQ(world_.run(code::accept, server), -EMFILE);
        EXPECT_EQ(sockets_.open(AF_INET, SOCK_STREAM, 0), -EMFILE);
        std::array<int, 2> ends{};
        EXPECT_EQ(sockets_.open_pair(AF_UNIX, SOCK_STREAM, ends), -EMFILE);
        // UBSan wants a descriptor of this machine when it first meets a type that is thrown.
        if (sim_ != nullptr) {
            EXPECT_THROW(static_cast<void>(driver_->open_pipe()), std::system_error);
        }
    }
    {
        const few_descriptors one(sim_, 1);
        EXPECT_EQ(peer_of(accept(server)), address_of(client));
    }
}

}  // namespace
