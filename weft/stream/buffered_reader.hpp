#pragma once

#include "weft/stream/concepts.hpp"
#include "weft/stream/read_ahead.hpp"
#include "weft/stream/read_from.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft {

/// Reads lines, exact numbers of bytes and everything from any byte source, through a buffer.
///
/// ```cpp
/// weft::task<> serve_lines(weft::memory_stream client) {
///     weft::buffered_reader in(client);  // refers to it; std::move(client) would own it
///     while (auto line = co_await in.read_line()) {
///         const std::string_view answer = line->empty() ? "say something\n" : "thank you\n";
///         co_await client.write_all(answer);
///     }
/// }
/// ```
///
/// 1. What has been read already is given at once, without a coroutine frame; else the await is
///    that of a task, whose frame comes from a pool. Sources give what they have: one read of it
///    often brings many lines.
/// 2. A cancellation, a timeout and an error lose no byte: what was read is given by the next call.
///    An error of the source is thrown as it is.
/// 3. Every call that waits for an end has a limit, and what is more is an error: a peer that
///    never ends a line costs at most twice the limit (or 16 KiB). See `limit_exceeded`.
/// 4. Nothing is allocated before the first read. When all is taken, a large buffer is freed.
/// 5. One coroutine reads at a time: a second one gets a `usage_error`. It can be moved while
///    nobody reads; destroying it while somebody does ends the program, with a text. Views
///    (`read_line_view`, `peek`) are valid until the next call.
template <class Source>
    requires byte_source<std::remove_reference_t<Source>>
class buffered_reader {
    using source_type = std::remove_reference_t<Source>;
    using handle = detail::source_ref<source_type>;

public:
    static constexpr std::size_t default_limit = std::size_t{64} * 1024;

    /// Refers to an lvalue, which must outlive it; owns what is moved in.
    explicit buffered_reader(Source&& source) : source_(std::forward<Source>(source)) {}

    /// Awaited, gives the bytes read, at least one unless `n` is 0; 0 at the end. What is more than
    /// the buffer goes to `into` directly.
    [[nodiscard]] auto read_some(char* into, std::size_t n) {
        return detail::some_from<handle>(ref(), ahead_, into, n);
    }
    [[nodiscard]] auto read_some(std::span<std::byte> into) {
        return read_some(reinterpret_cast<char*>(into.data()), into.size());
    }

    /// Awaited, gives the next line without its "\n" or "\r\n" as `std::optional<std::string>`;
    /// none at the end. A last line without an end is given. Throws `line_too_long` when more than
    /// `limit` bytes come without an end, and takes nothing: answer, and close.
    [[nodiscard]] auto read_line(std::size_t limit = default_limit) {
        return detail::read_line_from(ref(), ahead_, limit);
    }
    /// The same as `std::optional<std::string_view>`, without a copy.
    [[nodiscard]] auto read_line_view(std::size_t limit = default_limit) {
        return detail::read_line_view_from(ref(), ahead_, limit);
    }
    /// Awaited, gives what comes before `delimiter` as `std::optional<std::string>`, and drops
    /// both; none at the end. `delimiter` lives until then. Throws `line_too_long` like
    /// `read_line`, and `unexpected_end` when the stream ends in between.
    [[nodiscard]] auto read_until(std::string_view delimiter, std::size_t limit = default_limit) {
        return detail::read_until_from(ref(), ahead_, delimiter, limit);
    }
    /// Awaited, gives exactly `n` bytes as a `std::string`. Memory grows with what comes: an `n`
    /// that a peer has announced and does not send costs nothing. Throws `unexpected_end`.
    [[nodiscard]] auto read_exactly(std::size_t n) {
        return detail::read_exactly_from(ref(), ahead_, n);
    }
    /// The same to `into`.
    [[nodiscard]] auto read_exactly(char* into, std::size_t n) {
        return detail::read_exactly_from(ref(), ahead_, into, n);
    }
    [[nodiscard]] auto read_exactly(std::span<std::byte> into) {
        return read_exactly(reinterpret_cast<char*>(into.data()), into.size());
    }
    /// Awaited, gives everything until the end as a `std::string`. Throws `limit_exceeded` when it
    /// is more than `limit`.
    [[nodiscard]] auto read_all(std::size_t limit) {
        return detail::read_all_from(ref(), ahead_, limit);
    }
    /// Awaited, gives a `std::string_view` of what comes next, at least `n` bytes, fewer only at
    /// the end. It is still to be read afterwards.
    [[nodiscard]] auto peek(std::size_t n) { return detail::peek_from(ref(), ahead_, n); }
    /// Drops the next `n` bytes. REQUIRES: they are `buffered()`, after a `peek`.
    void drop(std::size_t n) {
        ahead_.check_free("drop()");
        ahead_.drop(n);
    }

    /// What was read and not yet taken.
    [[nodiscard]] std::string_view buffered() const noexcept { return ahead_.bytes(); }
    /// The memory that it has, in bytes.
    [[nodiscard]] std::size_t capacity() const noexcept { return ahead_.capacity(); }
    [[nodiscard]] source_type& source() noexcept { return source_; }

private:
    [[nodiscard]] handle ref() noexcept { return handle(source_); }

    Source source_;
    detail::read_ahead ahead_;
};

template <class Source>
buffered_reader(Source&&) -> buffered_reader<Source>;

}  // namespace weft
