#pragma once

#include "weft/base/export.hpp"
#include "weft/net/socket.hpp"
#include "weft/net/socket_operations.hpp"
#include "weft/net/tcp_stream.hpp"

/// Waiting for connections over TCP.
namespace weft {

/// How to listen.
class WEFT_EXPORT listen_options {
public:
    listen_options() noexcept = default;
    /// Connections that the kernel keeps until they are accepted; Linux takes at most
    /// net.core.somaxconn. Default 4,096.
    listen_options& backlog(int n) noexcept {
        backlog_ = n;
        return *this;
    }
    /// Several sockets may listen at one address, and the kernel spreads connections over them: one
    /// for each thread or process (SO_REUSEPORT). All of them must ask for it. Default: off.
    listen_options& reuse_port(bool on) noexcept {
        reuse_port_ = on;
        return *this;
    }
    /// A restarted server need not wait until the kernel has forgotten old connections
    /// (SO_REUSEADDR). Default: on.
    listen_options& reuse_address(bool on) noexcept {
        reuse_address_ = on;
        return *this;
    }
    /// An IPv6 socket takes no IPv4. Default: off.
    listen_options& v6_only(bool on) noexcept {
        v6_only_ = on;
        return *this;
    }
    /// Small writes of accepted connections go at once (TCP_NODELAY). Default: on.
    listen_options& no_delay(bool on) noexcept {
        no_delay_ = on;
        return *this;
    }

    [[nodiscard]] int backlog() const noexcept { return backlog_; }
    [[nodiscard]] bool reuse_port() const noexcept { return reuse_port_; }
    [[nodiscard]] bool reuse_address() const noexcept { return reuse_address_; }
    [[nodiscard]] bool v6_only() const noexcept { return v6_only_; }
    [[nodiscard]] bool no_delay() const noexcept { return no_delay_; }

private:
    int backlog_ = 4096;
    bool reuse_port_ = false;
    bool reuse_address_ = true;
    bool v6_only_ = false;
    bool no_delay_ = true;
};

/// A TCP socket that listens.
///
/// ```cpp
/// weft::task<> greet() {
///     weft::tcp_listener listener(weft::address::loopback(0));
///     std::printf("at %s\n", listener.local_address().to_string().c_str());
///     for (;;) {
///         weft::tcp_stream peer = co_await listener.accept();
///         co_await peer.write_all("hello\n");
///     }
/// }
/// ```
///
/// A server that has a coroutine for each connection is `weft::serve`.
class WEFT_EXPORT tcp_listener : public socket_handle {
public:
    using stream = tcp_stream;

    /// Binds and listens. Throws `std::system_error` (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`), and
    /// `usage_error` outside of a loop.
    explicit tcp_listener(const address& at, const listen_options& how = {});
    /// Takes over a socket that listens (handed over by systemd, say), which the driver knows.
    explicit tcp_listener(owned_descriptor listening) noexcept
        : socket_handle(listening.release()) {}

    /// Awaited, gives the next connection. Throws `std::system_error`: `EMFILE` and `ENFILE` when
    /// there are too many open files, `EBADF` when the listener was closed meanwhile.
    [[nodiscard]] auto accept() const noexcept {
        return detail::accept_awaiter<tcp_stream>(descriptor());
    }
};

}  // namespace weft
