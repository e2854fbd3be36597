#pragma once

#include "weft/base/write_error.hpp"
#include "weft/core/task.hpp"
#include "weft/stream/concepts.hpp"
#include "weft/stream/ready_or_task.hpp"
#include "weft/stream/write_behind.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace weft {
namespace detail {

/// Writes, of what waits in `behind` and then of `bytes`, until all of it has gone to the sink.
/// When it fails in `bytes`, the rest of them waits, too: so they are written whole or not at all.
template <class Sink>
task<> write_through(Sink* sink, write_behind* behind, std::string_view bytes) {
    bool begun = false;
    try {
        while (!behind->empty() || !bytes.empty()) {
            std::size_t n = 0;
            if constexpr (gathering_sink<Sink>) {
                const std::array<std::string_view, 2> both = {behind->bytes(), bytes};
                const std::span<const std::string_view> pieces(both);
                const bool from_buffer = !behind->empty();
                n = co_await sink->write_some(
                    pieces.subspan(from_buffer ? 0 : 1, from_buffer && !bytes.empty() ? 2 : 1));
            } else {
                n = co_await sink->write_some(behind->empty() ? bytes : behind->bytes());
            }
            const std::size_t of_bytes = behind->taken(n);
            bytes.remove_prefix(of_bytes);
            begun = begun || of_bytes != 0;
        }
    } catch (...) {
        if (begun) behind->keep(bytes);
        throw;
    }
}

template <class Sink>
class [[nodiscard("co_await it, or await() it in a fiber")]] buffered_write
    : public ready_or_task<buffered_write<Sink>, void> {
public:
    buffered_write(Sink& sink, write_behind& behind, std::string_view bytes) noexcept
        : sink_(&sink), behind_(&behind), bytes_(bytes) {}
    [[nodiscard]] bool try_take() {
        behind_->check_free("write()");
        return behind_->add(bytes_);
    }
    [[nodiscard]] task<> otherwise() { return write(sink_, behind_, bytes_); }

private:
    static task<> write(Sink* sink, write_behind* behind, std::string_view bytes) {
        const write_behind::writing held(*behind, "write()");
        const std::uint64_t before = behind->written();
        try {
            if (behind->is_large(bytes.size())) {
                co_await write_through(sink, behind, bytes);
                co_return;
            }
            while (!behind->add(bytes)) {
                const std::size_t n = co_await sink->write_some(behind->bytes());
                behind->taken(n);
            }
        } catch (const std::system_error& e) {
            behind->failed();
            throw write_error(e, static_cast<std::size_t>(behind->written() - before));
        }
    }

    Sink* sink_;
    write_behind* behind_;
    std::string_view bytes_;
};

template <class Sink>
class [[nodiscard("co_await it, or await() it in a fiber")]] buffered_flush
    : public ready_or_task<buffered_flush<Sink>, void> {
public:
    buffered_flush(Sink& sink, write_behind& behind) noexcept : sink_(&sink), behind_(&behind) {}
    [[nodiscard]] bool try_take() const {
        behind_->check_free("flush()");
        return behind_->empty();
    }
    [[nodiscard]] task<> otherwise() const { return flush(sink_, behind_); }

private:
    static task<> flush(Sink* sink, write_behind* behind) {
        const write_behind::writing held(*behind, "flush()");
        const std::uint64_t before = behind->written();
        try {
            co_await write_through(sink, behind, std::string_view());
        } catch (const std::system_error& e) {
            behind->failed();
            throw write_error(e, static_cast<std::size_t>(behind->written() - before));
        }
    }

    Sink* sink_;
    write_behind* behind_;
};

}  // namespace detail

/// Collects small writes to any byte sink into large ones.
///
/// ```cpp
/// weft::task<> count_to_a_hundred(weft::memory_stream& to) {
///     weft::buffered_writer out(to);  // refers to it; std::move(to) would own it
///     for (int n = 1; n <= 100; ++n) {
///         co_await out.write(std::to_string(n));
///         co_await out.write("\n");
///     }
///     co_await out.flush();
/// }
/// ```
///
/// 1. `write` awaits only when the buffer is full. What is larger than the buffer passes it by:
///    with what is buffered before it in one call, where the sink gathers.
/// 2. A `write` that is cancelled, or fails, leaves its bytes in the stream whole or not at all:
///    when a part of them has gone, the rest is buffered, and goes first, once, with the next call.
///    `accepted()` tells which it was. So who cleans up can still write something that is read as
///    it was meant.
/// 3. An error of the sink is thrown as `write_error`: its `written()` are the bytes that the sink
///    took during that call, buffered ones among them. What it did not take is still buffered.
/// 4. The destructor cannot wait: what was not flushed is lost, which is reported to the handler of
///    unhandled errors, unless a write had failed, or an exception, a cancellation for instance, is
///    what destroys it.
/// 5. One coroutine writes at a time: a second one gets a `usage_error`. It can be moved while
///    nobody writes; destroying it while somebody does ends the program, with a text. The buffer is
///    allocated by the first write.
template <class Sink>
    requires byte_sink<std::remove_reference_t<Sink>>
class buffered_writer {
    using sink_type = std::remove_reference_t<Sink>;

public:
    static constexpr std::size_t default_capacity = std::size_t{16} * 1024;

    /// Refers to an lvalue, which must outlive it; owns what is moved in. `capacity` is in bytes.
    explicit buffered_writer(Sink&& sink, std::size_t capacity = default_capacity)
        : sink_(std::forward<Sink>(sink)), behind_(capacity) {}

    /// Awaited, has taken `bytes`, which must live until then.
    [[nodiscard]] auto write(std::string_view bytes) {
        return detail::buffered_write<sink_type>(sink_, behind_, bytes);
    }
    /// Awaited, has given everything to the sink.
    [[nodiscard]] auto flush() { return detail::buffered_flush<sink_type>(sink_, behind_); }

    /// Bytes that the sink has not taken yet.
    [[nodiscard]] std::size_t buffered() const noexcept { return behind_.size(); }
    /// Bytes that the sink has taken, ever.
    [[nodiscard]] std::uint64_t written() const noexcept { return behind_.written(); }
    /// Bytes that `write` has taken, ever.
    [[nodiscard]] std::uint64_t accepted() const noexcept { return written() + buffered(); }
    [[nodiscard]] sink_type& sink() noexcept { return sink_; }

private:
    Sink sink_;
    detail::write_behind behind_;
};

template <class Sink>
buffered_writer(Sink&&) -> buffered_writer<Sink>;
template <class Sink>
buffered_writer(Sink&&, std::size_t) -> buffered_writer<Sink>;

}  // namespace weft
