#pragma once

#include "weft/base/export.hpp"
#include "weft/stream/memory_pipe.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

/// Two-way byte streams within a loop: what protocols are tested on.
namespace weft {

/// One end of a two-way byte stream, made by `memory_stream_pair()`. Two memory pipes, whose rules
/// are its own; one coroutine may read while another one writes. Closed when it is destroyed.
class WEFT_EXPORT memory_stream {
public:
    memory_stream() noexcept = default;
    memory_stream(memory_pipe_reader in, memory_pipe_writer out) noexcept
        : in_(std::move(in)), out_(std::move(out)) {}

    /// As `memory_pipe_reader::read_some`.
    [[nodiscard]] auto read_some(char* into, std::size_t n) const noexcept {
        return in_.read_some(into, n);
    }
    [[nodiscard]] auto read_some(std::span<std::byte> into) const noexcept {
        return in_.read_some(into);
    }
    /// As `memory_pipe_writer::write_some`.
    [[nodiscard]] auto write_some(std::string_view bytes) const noexcept {
        return out_.write_some(bytes);
    }
    [[nodiscard]] auto write_some(std::span<const std::string_view> pieces) const noexcept {
        return out_.write_some(pieces);
    }
    /// As `memory_pipe_writer::write_all`.
    [[nodiscard]] auto write_all(std::string_view bytes) const noexcept {
        return out_.write_all(bytes);
    }

    /// The other side gets what was written, then the end, and may go on writing. Idempotent.
    void close_write() noexcept { out_.close(); }
    /// Both directions. Idempotent.
    void close() noexcept {
        out_.close();
        in_.close();
    }

private:
    memory_pipe_reader in_;
    memory_pipe_writer out_;
};

/// Two ends that are connected: what one writes, the other reads. Each direction holds `capacity`
/// bytes. Throws `usage_error` for a capacity of 0.
///
/// ```cpp
/// weft::task<> ask_in_memory() {
///     auto [client, server] = weft::memory_stream_pair();
///     co_await client.write_all("ping");
///     client.close_write();
///     char bytes[8];
///     const std::size_t n = co_await server.read_some(bytes, sizeof bytes);
///     (void)n;  // 4
///     co_await server.write_all("pong");
/// }
/// ```
[[nodiscard]] WEFT_EXPORT std::pair<memory_stream, memory_stream> memory_stream_pair(
    std::size_t capacity = memory_pipe::default_capacity);

}  // namespace weft
