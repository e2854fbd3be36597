#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/task.hpp"
#include "weft/net/socket.hpp"
#include "weft/net/socket_operations.hpp"
#include "weft/stream/read_ahead.hpp"
#include "weft/stream/read_from.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

/// What tcp_stream and unix_stream have in common: bytes in both directions.
namespace weft {

/// A connected socket, read from and written to at once by at most one coroutine each. What is
/// awaited throws `std::system_error` (`ECONNRESET`: the peer has gone without an end); SIGPIPE is
/// never raised. It must stay where it is while somebody awaits.
///
/// A cancelled read loses nothing: what had come is given, or is there for the next one.
class WEFT_EXPORT stream_socket : public socket_handle {
public:
    stream_socket(stream_socket&&) noexcept = default;
    stream_socket& operator=(stream_socket&&) noexcept = default;

    /// Gives the bytes that are there, at least one, or waits for them; 0 at the end, when the peer
    /// has closed its side.
    [[nodiscard]] auto read_some(char* into, std::size_t n) noexcept {
        return detail::socket_read(descriptor(), into, n, ahead_.get(), is_tcp_);
    }
    [[nodiscard]] auto read_some(std::span<std::byte> into) noexcept {
        return detail::socket_read(descriptor(), into.data(), into.size(), ahead_.get(), is_tcp_);
    }
    /// As many as asked for. The end before that is `unexpected_end`; what had come stays to be
    /// read, after a cancellation too.
    [[nodiscard]] auto read_exactly(std::size_t n) {
        return detail::read_exactly_from(source(), ahead(), n);
    }
    [[nodiscard]] auto read_exactly(char* into, std::size_t n) {
        return detail::read_exactly_from(source(), ahead(), into, n);
    }
    /// The next line, as an optional string without its end ("\n" or "\r\n"); none at the end of
    /// the stream. A longer one is `line_too_long`: what a peer sends that never ends its line is
    /// not memory.
    [[nodiscard]] auto read_line(std::size_t limit = line_limit) {
        return detail::read_line_from(source(), ahead(), limit);
    }
    /// The same up to a delimiter, which must live until then.
    [[nodiscard]] auto read_until(std::string_view delimiter, std::size_t limit = line_limit) {
        return detail::read_until_from(source(), ahead(), delimiter, limit);
    }
    /// All until the end, as a string; more than `limit` is `limit_exceeded`.
    [[nodiscard]] auto read_all(std::size_t limit) {
        return detail::read_all_from(source(), ahead(), limit);
    }

    /// Gives the bytes that were taken, at least one of those there are.
    [[nodiscard]] auto write_some(std::string_view bytes) const noexcept {
        return detail::operation_awaiter(operation_code::send, descriptor(),
                                         const_cast<char*>(bytes.data()), bytes.size());
    }
    /// Several pieces by one call (sendmsg(2)).
    [[nodiscard]] detail::socket_gather write_some(
        std::span<const std::string_view> pieces) const noexcept {
        return detail::socket_gather(descriptor(), pieces);
    }
    /// Returns when all is on its way (in the kernel's buffer). The bytes must live until then.
    /// Throws `write_error`, which knows how many had gone.
    [[nodiscard]] auto write_all(std::string_view bytes) const noexcept {
        return detail::socket_write(descriptor(), bytes);
    }
    [[nodiscard]] auto write_all(std::span<const std::byte> bytes) const noexcept {
        return write_all(
            std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    }
    /// `n` bytes of a file, from `offset` on, by the kernel alone (sendfile(2)). Gives how many:
    /// fewer when the file ends before. Throws `write_error`.
    [[nodiscard]] task<std::size_t> send_file(int file, std::int64_t offset, std::size_t n) const;

    /// Nothing more will be written: the peer reads an end. Reading goes on.
    void close_write() const;

    static constexpr std::size_t line_limit = std::size_t{64} * 1024;

protected:
    stream_socket() noexcept = default;
    stream_socket(int connected, bool is_tcp) noexcept
        : socket_handle(connected), is_tcp_(is_tcp) {}
    ~stream_socket() = default;

private:
    [[nodiscard]] detail::socket_source source() const noexcept {
        return detail::socket_source(descriptor(), is_tcp_);
    }
    [[nodiscard]] detail::read_ahead& ahead();

    std::unique_ptr<detail::read_ahead> ahead_;  // null until somebody reads more than bytes
    bool is_tcp_ = false;
};

}  // namespace weft
