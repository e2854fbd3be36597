#pragma once

#include "weft/base/write_error.hpp"
#include "weft/core/task.hpp"
#include "weft/stream/concepts.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

/// Writing several pieces as one.
namespace weft {
namespace detail {

/// What is left to write of a number of pieces, which live elsewhere. At most `batch_max` of them
/// are shown at a time.
class WEFT_EXPORT pieces_left {
public:
    static constexpr std::size_t batch_max = 16;

    explicit pieces_left(std::span<const std::string_view> pieces) noexcept : pieces_(pieces) {
        take(0);
    }
    [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }
    /// The first of them, not empty.
    [[nodiscard]] std::string_view first() const noexcept { return pieces_.front().substr(begun_); }
    /// The next of them, the first without what was written of it.
    [[nodiscard]] std::span<const std::string_view> batch() noexcept;
    /// So many bytes were written.
    void take(std::size_t n) noexcept;

private:
    std::span<const std::string_view> pieces_;
    std::size_t begun_ = 0;
    std::array<std::string_view, batch_max> batch_;
};

template <class Sink>
task<std::size_t> write_pieces(Sink& sink, std::span<const std::string_view> pieces) {
    std::size_t written = 0;
    pieces_left left(pieces);
    try {
        while (!left.empty()) {
            std::size_t n = 0;
            if constexpr (gathering_sink<Sink>)
                n = co_await sink.write_some(left.batch());
            else
                n = co_await sink.write_some(left.first());
            left.take(n);
            written += n;
        }
    } catch (const std::system_error& e) {
        throw write_error(e, written);
    }
    co_return written;
}
template <class Sink, std::size_t N>
task<std::size_t> write_kept_pieces(Sink& sink, std::array<std::string_view, N> pieces) {
    co_return co_await write_pieces(sink, std::span<const std::string_view>(pieces));
}

}  // namespace detail

/// Awaited, has written all pieces, in their order, and gives the number of bytes: in few calls
/// where the sink gathers (`gathering_sink`), else piece by piece. The pieces and what they show
/// live until then, as does the sink. Throws `write_error`, which says how many bytes of all of
/// them were written. A cancellation may leave a part of them written.
///
/// ```cpp
/// weft::task<> answer_with(weft::memory_stream& to, std::string_view body) {
///     const std::string length = std::to_string(body.size());
///     co_await weft::write_all(to, "content-length: ", length, "\r\n\r\n", body);
/// }
/// ```
template <byte_sink Sink>
[[nodiscard]] task<std::size_t> write_all(Sink& sink, std::span<const std::string_view> pieces) {
    return detail::write_pieces(sink, pieces);
}
template <byte_sink Sink, std::convertible_to<std::string_view>... Pieces>
    requires(sizeof...(Pieces) > 0)
[[nodiscard]] task<std::size_t> write_all(Sink& sink, const Pieces&... pieces) {
    return detail::write_kept_pieces<Sink, sizeof...(Pieces)>(sink, {std::string_view(pieces)...});
}

}  // namespace weft
