#pragma once

#include "tests/driver_contract_test.hpp"

#include <cstring>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

/// The rules of sockets, to run on every driver there is (`setups`): weft/core/socket_calls.hpp and
/// the operations of sockets.
namespace weft::testing {

/// The bytes of a sockaddr.
class sock_address {
public:
    sock_address() = default;
    [[nodiscard]] static sock_address v4(std::uint16_t port) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return of(&in, sizeof in);
    }
    [[nodiscard]] static sock_address v6(std::uint16_t port) {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        in.sin6_addr = IN6ADDR_LOOPBACK_INIT;
        return of(&in, sizeof in);
    }
    /// An abstract name, of this process.
    [[nodiscard]] static sock_address local(const std::string& name) {
        sockaddr_un un{};
        un.sun_family = AF_UNIX;
        const std::string text = std::to_string(::getpid()) + name;
        std::memcpy(un.sun_path + 1, text.data(), text.size());
        return of(&un, offsetof(sockaddr_un, sun_path) + 1 + text.size());
    }
    /// Nobody has it yet: any port, or `name`.
    [[nodiscard]] static sock_address any(int domain, const std::string& name) {
        return domain == AF_INET ? v4(0) : domain == AF_INET6 ? v6(0) : local(name);
    }

    std::array<char, sizeof(sockaddr_storage)> bytes{};
    std::size_t size = bytes.size();

    [[nodiscard]] std::uint16_t port() const {
        sockaddr_in in{};
        std::memcpy(&in, bytes.data(), sizeof in);
        return ntohs(in.sin_port);
    }
    friend bool operator==(const sock_address& a, const sock_address& b) {
        return std::string_view(a.bytes.data(), a.size) == std::string_view(b.bytes.data(), b.size);
    }

private:
    static sock_address of(const void* from, std::size_t n) {
        sock_address a;
        std::memcpy(a.bytes.data(), from, n);
        a.size = n;
        return a;
    }
};

/// A message of one buffer, with room for an address and for descriptors.
class message : public msghdr {
public:
    explicit message(std::string& bytes) : msghdr{}, part_{bytes.data(), bytes.size()} {
        msg_iov = &part_;
        msg_iovlen = 1;
    }
    message(const message&) = delete;
    message& operator=(const message&) = delete;

    message& to(sock_address& where) {
        msg_name = where.bytes.data();
        msg_namelen = static_cast<socklen_t>(where.size);
        return *this;
    }
    message& room_for_files(std::size_t count) {
        msg_control = control_.data();
        msg_controllen = CMSG_SPACE(count * sizeof(int));
        return *this;
    }
    message& pass(const std::vector<int>& files) {
        room_for_files(files.size());
        cmsghdr* const c = CMSG_FIRSTHDR(this);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
        std::memcpy(CMSG_DATA(c), files.data(), files.size() * sizeof(int));
        return *this;
    }
    [[nodiscard]] std::vector<int> files() {
        const cmsghdr* const c = CMSG_FIRSTHDR(this);
        if (c == nullptr || c->cmsg_type != SCM_RIGHTS) return {};
        std::vector<int> all((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(all.data(), CMSG_DATA(c), all.size() * sizeof(int));
        return all;
    }

private:
    iovec part_;
    alignas(cmsghdr) std::array<char, 256> control_{};
};

class socket_contract : public driver_contract {
protected:
    socket_calls& sockets_ = driver_->sockets();
    simulator* const sim_ = dynamic_cast<simulator*>(driver_.get());

    void SetUp() override {
        using namespace std::chrono_literals;
        if (sim_ != nullptr && GetParam().is_late)
            sim_->network(network_options().delay(1ms, 20ms));
    }
    void TearDown() override {
        for (const int fd : open_) driver_->close(fd);
        driver_contract::TearDown();
        EXPECT_EQ(sim_ == nullptr ? 0u : sim_->open_count(), 0u);
    }

    /// A descriptor that is closed at the end.
    int keep(int fd) {
        EXPECT_GE(fd, 0);
        open_.push_back(fd);
        return fd;
    }
    int open(int domain, int type = SOCK_STREAM) { return keep(sockets_.open(domain, type, 0)); }
    int close(int fd) {
        std::erase(open_, fd);
        return driver_->close(fd);
    }
    std::array<int, 2> open_pair(int type = SOCK_STREAM) {
        std::array<int, 2> ends{};
        EXPECT_EQ(sockets_.open_pair(AF_UNIX, type, ends), 0);
        for (const int end : ends) keep(end);
        return ends;
    }

    int bind(int fd, const sock_address& to) { return sockets_.bind(fd, to.bytes.data(), to.size); }
    sock_address address_of(int fd) {
        sock_address a;
        EXPECT_EQ(sockets_.local_address(fd, a.bytes.data(), a.size), 0);
        return a;
    }
    sock_address peer_of(int fd) {
        sock_address a;
        EXPECT_EQ(sockets_.peer_address(fd, a.bytes.data(), a.size), 0);
        return a;
    }
    int set(int fd, int level, int name, int value) {
        return sockets_.set_option(fd, level, name, &value, sizeof value);
    }
    int get(int fd, int level, int name) {
        int value = -1;
        std::size_t size = sizeof value;
        const int error = sockets_.get_option(fd, level, name, &value, size);
        return error < 0 ? error : value;
    }

    int listener(int domain, int backlog = 16) {
        const int fd = open(domain);
        EXPECT_EQ(bind(fd, sock_address::any(domain, "listener")), 0);
        EXPECT_EQ(sockets_.listen(fd, backlog), 0);
        return fd;
    }
    std::int64_t connect(int fd, const sock_address& to) {
        return world_.run(operation_code::connect, fd, const_cast<char*>(to.bytes.data()), to.size);
    }
    int accept(int fd) { return keep(static_cast<int>(world_.run(operation_code::accept, fd))); }
    /// A client and a server that are connected.
    std::array<int, 2> connected(int domain = AF_INET) {
        const int server = listener(domain);
        const int client = open(domain);
        EXPECT_EQ(connect(client, address_of(server)), 0);
        const int accepted = accept(server);
        close(server);
        return {client, accepted};
    }

    std::int64_t send(int fd, std::string_view bytes) {
        return world_.run(operation_code::send, fd, const_cast<char*>(bytes.data()), bytes.size());
    }
    void send_all(int fd, std::string_view bytes) {
        while (!bytes.empty()) {
            const std::int64_t sent = send(fd, bytes);
            ASSERT_GT(sent, 0);
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    std::int64_t receive(int fd, std::string& bytes) {
        return world_.run(operation_code::receive, fd, bytes.data(), bytes.size());
    }
    /// What comes until there is `count` of it, or an end or an error.
    std::string receive_all(int fd, std::size_t count) {
        std::string all;
        std::string part(4096, '\0');
        while (all.size() < count) {
            part.resize(std::min<std::size_t>(4096, count - all.size()));
            const std::int64_t got = receive(fd, part);
            if (got <= 0) break;
            all.append(part, 0, static_cast<std::size_t>(got));
        }
        return all;
    }
    std::int64_t receive_error(int fd) {
        std::string byte(1, '\0');
        return receive(fd, byte);
    }
    /// Sends until that fails.
    std::int64_t send_until_error(int fd) {
        for (int i = 0; i < 1000; ++i) {
            if (const std::int64_t sent = send(fd, "x"); sent < 0) return sent;
            driver_->park(driver_->now() + std::chrono::milliseconds(1));
        }
        return 0;
    }
    /// What was submitted can only wait: nothing comes of it now.
    void expect_waits(request& r) {
        EXPECT_FALSE(world_.start(r).done_at_once);
        world_.poll();
        EXPECT_FALSE(r.is_complete());
    }

private:
    std::vector<int> open_;
};

}  // namespace weft::testing
