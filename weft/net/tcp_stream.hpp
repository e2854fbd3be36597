#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"
#include "weft/net/stream_socket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

/// TCP connections.
namespace weft {

/// How to connect.
class WEFT_EXPORT connect_options {
public:
    connect_options() = default;
    /// Until the connection is made, or `timed_out`. Default: as long as the kernel tries, some two
    /// minutes.
    connect_options& timeout(std::chrono::nanoseconds d) noexcept {
        timeout_ = d;
        return *this;
    }
    /// The address to come from.
    connect_options& from(const address& local) noexcept {
        from_ = local;
        return *this;
    }
    /// Default: small writes go at once (TCP_NODELAY).
    connect_options& no_delay(bool on) noexcept {
        no_delay_ = on;
        return *this;
    }

    [[nodiscard]] std::chrono::nanoseconds timeout() const noexcept { return timeout_; }
    [[nodiscard]] const address& from() const noexcept { return from_; }
    [[nodiscard]] bool no_delay() const noexcept { return no_delay_; }

private:
    std::chrono::nanoseconds timeout_ = std::chrono::nanoseconds::max();
    address from_;
    bool no_delay_ = true;
};

/// How the kernel asks whether the peer of a silent connection is still there (tcp(7)).
class WEFT_EXPORT keep_alive {
public:
    keep_alive() noexcept = default;
    /// Silence before the first probe. Default 60 s.
    keep_alive& idle(std::chrono::seconds d) noexcept {
        idle_ = d;
        return *this;
    }
    /// Between probes. Default 10 s.
    keep_alive& interval(std::chrono::seconds d) noexcept {
        interval_ = d;
        return *this;
    }
    /// Unanswered probes before the connection is given up (`ETIMEDOUT`). Default 6.
    keep_alive& probes(int n) noexcept {
        probes_ = n;
        return *this;
    }
    [[nodiscard]] std::chrono::seconds idle() const noexcept { return idle_; }
    [[nodiscard]] std::chrono::seconds interval() const noexcept { return interval_; }
    [[nodiscard]] int probes() const noexcept { return probes_; }

private:
    std::chrono::seconds idle_{60};
    std::chrono::seconds interval_{10};
    int probes_ = 6;
};

/// A TCP connection.
///
/// ```cpp
/// weft::task<std::string> ask(std::string host, std::string question) {
///     auto server = co_await weft::tcp_stream::connect(host, 7777);
///     co_await server.write_all(question);
///     server.close_write();
///     co_return co_await server.read_all(1 << 20);
/// }
/// ```
///
/// Small writes go at once (TCP_NODELAY): a program that writes in small pieces should gather them,
/// by `buffered_writer`.
class WEFT_EXPORT tcp_stream : public stream_socket {
public:
    /// None; for moving one into.
    tcp_stream() noexcept = default;
    /// Takes over a connected TCP socket that the driver of this thread's loop knows (see
    /// `owned_descriptor::adopt`).
    explicit tcp_stream(int connected) noexcept : stream_socket(connected, true) {}

    /// Awaited, gives the connection. Throws `std::system_error` (`ECONNREFUSED`, `ETIMEDOUT`,
    /// `ENETUNREACH`, `EMFILE`…), `timed_out`.
    [[nodiscard]] static task<tcp_stream> connect(address to, connect_options how = {});
    /// Looks the name up, and tries its addresses one after the other; throws the error of the
    /// last. The timeout is for all of it.
    [[nodiscard]] static task<tcp_stream> connect(std::string host, std::uint16_t port,
                                                  connect_options how = {});

    void set_no_delay(bool on) const;
    [[nodiscard]] bool no_delay() const;
    void set_keep_alive(const keep_alive& how) const;
    void set_keep_alive(bool on) const;
    /// How long what was sent may stay unacknowledged before the connection is given up
    /// (TCP_USER_TIMEOUT); zero: the kernel's own time, some fifteen minutes.
    void set_user_timeout(std::chrono::milliseconds d) const;
    /// Closes it at once: what is not sent is thrown away and the peer gets ECONNRESET.
    void reset();
};

}  // namespace weft
