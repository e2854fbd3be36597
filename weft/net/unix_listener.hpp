#pragma once

#include "weft/base/export.hpp"
#include "weft/net/socket.hpp"
#include "weft/net/socket_operations.hpp"
#include "weft/net/unix_stream.hpp"

/// Waiting for connections from processes of this machine.
namespace weft {

/// A unix socket that listens. At a path it makes a file, which nobody may be in the way of and
/// which goes when the listener is closed; what a killed server left behind is replaced.
///
/// ```cpp
/// weft::task<> answer_locally() {
///     weft::unix_listener listener(weft::address::unix_path("/tmp/answers.sock"));
///     weft::unix_stream peer = co_await listener.accept();
///     co_await peer.write_all("42\n");
/// }
/// ```
class WEFT_EXPORT unix_listener : public socket_handle {
public:
    using stream = unix_stream;

    /// Throws `std::system_error` (`EADDRINUSE`: somebody listens there).
    explicit unix_listener(const address& at, int backlog = 4096);
    unix_listener(unix_listener&&) noexcept = default;
    unix_listener& operator=(unix_listener&&) noexcept = delete;
    ~unix_listener() { close(); }

    /// As `tcp_listener::accept`.
    [[nodiscard]] auto accept() const noexcept {
        return detail::accept_awaiter<unix_stream>(descriptor());
    }
    void close() noexcept;

private:
    address at_;
};

}  // namespace weft
