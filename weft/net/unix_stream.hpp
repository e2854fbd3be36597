#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"
#include "weft/io/owned_descriptor.hpp"
#include "weft/net/stream_socket.hpp"

#include <string_view>
#include <utility>

/// Connections between processes of one machine.
namespace weft {

/// Who is at the other end of a unix socket, as the kernel vouches for it.
class WEFT_EXPORT peer_credentials {
public:
    peer_credentials(int p, unsigned u, unsigned g) noexcept : process(p), user(u), group(g) {}
    int process;
    unsigned user;
    unsigned group;
};

/// A unix socket's connection: as `tcp_stream`, and descriptors can be passed over it.
///
/// ```cpp
/// weft::task<> hand_over(weft::unix_stream& to, weft::owned_descriptor open_file) {
///     co_await to.send_descriptor(open_file.descriptor());  // the receiver has a duplicate
/// }
/// ```
class WEFT_EXPORT unix_stream : public stream_socket {
public:
    unix_stream() noexcept = default;
    /// Takes over a connected unix socket that the driver of this thread's loop knows.
    explicit unix_stream(int connected) noexcept : stream_socket(connected, false) {}

    /// Awaited, gives the connection; waits while the listener's queue is full. Throws
    /// `std::system_error` (`ENOENT`, `ECONNREFUSED`: nobody listens there, `EACCES`).
    [[nodiscard]] static task<unix_stream> connect(address to);
    /// Two that are connected with each other (socketpair(2)). Throws `std::system_error`.
    [[nodiscard]] static std::pair<unix_stream, unix_stream> pair();

    /// Passes a duplicate of a descriptor, with one byte of zero to carry it: what waits to be read
    /// before it has to be read first.
    [[nodiscard]] task<> send_descriptor(int passed) const;
    /// Waits for one that was passed, and the byte it came with; it is fit for operations. Empty at
    /// the end. Throws `std::system_error`: `EBADMSG` when bytes come without a descriptor.
    [[nodiscard]] task<owned_descriptor> receive_descriptor() const;

    [[nodiscard]] peer_credentials credentials() const;
};

}  // namespace weft
