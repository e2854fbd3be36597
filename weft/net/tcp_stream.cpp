#include "weft/net/tcp_stream.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/net/resolve.hpp"

#include <exception>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <vector>

namespace weft {
namespace {

constexpr auto no_timeout = std::chrono::nanoseconds::max();

/// A socket for a connection to `to`.
tcp_stream open_tcp(const address& to, const connect_options& how) {
    socket_calls& calls = detail::this_sockets("tcp_stream::connect()");
    const int opened = calls.open(to.domain(), SOCK_STREAM, 0);
    detail::check_socket(opened, "opening a socket to connect to", to);
    tcp_stream stream(opened);
    if (how.no_delay()) stream.set_no_delay(true);
    if (how.from())
        detail::check_socket(calls.bind(opened, how.from().data(), how.from().size()),
                             "binding a socket to", how.from());
    return stream;
}

task<tcp_stream> connect_now(address to, connect_options how) {
    tcp_stream stream = open_tcp(to, how);
    co_await detail::connect_awaiter(stream.descriptor(), to);
    co_return stream;
}

task<tcp_stream> connect_to_any(std::string host, std::uint16_t port, connect_options how) {
    const std::vector<address> all = co_await resolve(host, port);
    std::exception_ptr last;
    for (const address& to : all) {
        try {
            co_return co_await connect_now(to, how);
        } catch (const std::system_error&) {
            last = std::current_exception();
        }
    }
    std::rethrow_exception(last);
}

}  // namespace

task<tcp_stream> tcp_stream::connect(address to, connect_options how) {
    if (how.timeout() == no_timeout) co_return co_await connect_now(to, how);
    co_return co_await with_timeout(how.timeout(), connect_now, to, how);
}

task<tcp_stream> tcp_stream::connect(std::string host, std::uint16_t port, connect_options how) {
    if (how.timeout() == no_timeout) co_return co_await connect_to_any(std::move(host), port, how);
    co_return co_await with_timeout(how.timeout(), connect_to_any, std::move(host), port, how);
}

void tcp_stream::set_no_delay(bool on) const {
    set_option(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
}
bool tcp_stream::no_delay() const {
    return option(IPPROTO_TCP, TCP_NODELAY) != 0;
}

void tcp_stream::set_keep_alive(bool on) const {
    set_option(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0);
}
void tcp_stream::set_keep_alive(const keep_alive& how) const {
    set_option(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(how.idle().count()));
    set_option(IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(how.interval().count()));
    set_option(IPPROTO_TCP, TCP_KEEPCNT, how.probes());
    set_keep_alive(true);
}
void tcp_stream::set_user_timeout(std::chrono::milliseconds d) const {
    set_option(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(d.count()));
}

void tcp_stream::reset() {
    if (!*this) return;
    const linger at_once{1, 0};
    set_option(SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

}  // namespace weft
