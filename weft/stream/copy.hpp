#pragma once

#include "weft/base/export.hpp"
#include "weft/base/write_error.hpp"
#include "weft/core/task.hpp"
#include "weft/stream/concepts.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>

/// From one stream to another.
namespace weft {

/// Copying failed: on which side, and after how many bytes had been written.
class WEFT_EXPORT copy_error : public write_error {
public:
    enum class side : std::uint8_t { source, sink };

    copy_error(const std::system_error& cause, side failed, std::size_t written);
    ~copy_error() override;
    /// Who failed.
    [[nodiscard]] side failed() const noexcept { return failed_; }

private:
    side failed_;
};

namespace detail {

/// Shows what it has read before it is taken: so nothing of it can be lost.
template <class S>
concept peeking_source = requires(S& s, std::size_t n) {
    { s.peek(n) } -> gives<std::string_view>;
    s.drop(n);
};

/// What `copy` reads to.
template <class Source>
class copy_window {
public:
    explicit copy_window(Source& from) : from_(from) {}
    [[nodiscard]] auto read() { return from_.read_some(bytes_.get(), size); }
    [[nodiscard]] std::string_view view(std::size_t n) const noexcept {
        return std::string_view(bytes_.get(), n);
    }
    static void taken(std::size_t) noexcept {}

private:
    static constexpr std::size_t size = std::size_t{64} * 1024;
    Source& from_;
    std::unique_ptr<char[]> bytes_{new char[size]};
};
template <peeking_source Source>
class copy_window<Source> {
public:
    explicit copy_window(Source& from) noexcept : from_(from) {}
    [[nodiscard]] auto read() { return from_.peek(1); }
    [[nodiscard]] static std::string_view view(std::string_view bytes) noexcept { return bytes; }
    void taken(std::size_t n) { from_.drop(n); }

private:
    Source& from_;
};

}  // namespace detail

/// Awaited, has copied everything from `from` to `to`, until the end of `from`, and gives the
/// number of bytes. Closes neither: a forwarder then calls `to.close_write()`. It reads only when
/// everything before was written, so a slow sink slows the source. Both live until then.
///
/// ```cpp
/// weft::task<> forward(weft::memory_stream& from, weft::memory_stream& to) {
///     try {
///         co_await weft::copy(from, to);
///         to.close_write();
///     } catch (const weft::copy_error& e) {
///         if (e.failed() == weft::copy_error::side::source) to.close();
///     }
/// }
/// ```
///
/// A `std::system_error` of a side is thrown as `copy_error`, other errors as they are. When it
/// fails or is cancelled, bytes that were read and not yet written, at most 64 KiB, are lost; but
/// from a `buffered_reader` they are not: they are still there to be read.
template <byte_source Source, byte_sink Sink>
[[nodiscard]] task<std::uint64_t> copy(Source& from, Sink& to) {
    std::uint64_t copied = 0;
    auto failed = copy_error::side::source;
    try {
        detail::copy_window<Source> window(from);
        for (;;) {
            failed = copy_error::side::source;
            const auto came = co_await window.read();
            std::string_view left = window.view(came);
            if (left.empty()) break;
            failed = copy_error::side::sink;
            while (!left.empty()) {
                const std::size_t n = co_await to.write_some(left);
                left.remove_prefix(n);
                window.taken(n);
                copied += n;
            }
        }
    } catch (const std::system_error& e) {
        throw copy_error(e, failed, copied);
    }
    co_return copied;
}

}  // namespace weft
