#pragma once

#include "weft/core/task.hpp"
#include "weft/net/tcp_stream.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// What `weft serve` does with a connection, in a task and in a fiber.
namespace weft::tool {

/// A figure that one thread counts and others may read.
class figure {
public:
    figure() noexcept = default;
    figure& operator+=(std::uint64_t n) noexcept {
        value_.store(*this + n, std::memory_order_relaxed);
        return *this;
    }
    figure& operator++() noexcept { return *this += 1; }
    figure& operator--() noexcept { return *this += ~std::uint64_t{0}; }
    operator std::uint64_t() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// What the connections of a loop share: how to answer, and the figures.
class answering {
public:
    answering() noexcept = default;
    answering& upper(bool on) noexcept {
        upper_ = on;
        return *this;
    }
    /// Prints "Client ip:port msg: …" for each message, to standard output.
    answering& log(bool on) noexcept {
        log_ = on;
        return *this;
    }

    /// A connection, from its first moment to its last.
    class conversation {
    public:
        conversation(answering& of, const tcp_stream& peer);
        conversation(const conversation&) = delete;
        conversation& operator=(const conversation&) = delete;
        ~conversation() { --of_.live; }

        /// Makes the answer of a message, in its place.
        void answer(char* message, std::size_t n) const;
        /// It was sent.
        void answered(std::size_t n) noexcept {
            ++of_.answers;
            of_.bytes += n;
        }
        /// The peer has closed its side.
        void finished() noexcept { ++of_.finished; }

    private:
        answering& of_;
        std::string name_;  // for the log only
    };

    figure live;
    figure live_max;
    figure accepted;
    figure finished;  ///< by an end of the peer's side
    figure answers;
    figure bytes;  ///< each way

private:
    bool upper_ = false;
    bool log_ = false;
};

/// Where a connection reads into: a few bytes, as most of the many wait in silence, and more from
/// when the peer has filled them until it has not for a while.
class answer_room {
public:
    [[nodiscard]] char* data() noexcept { return large_ ? large_.get() : small_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return large_ ? large_bytes : small_bytes; }
    /// So many were read, and are not needed any more.
    void adapt(std::size_t n);

private:
    static constexpr std::size_t small_bytes = 256;
    static constexpr std::size_t large_bytes = std::size_t{32} * 1024;
    static constexpr unsigned calm_reads = 64;

    std::array<char, small_bytes> small_;
    std::unique_ptr<char[]> large_;
    unsigned calm_ = 0;  // reads, one after the other, for which the small one would have done
};

/// Whatever comes is answered as it comes, until the peer closes its side.
[[nodiscard]] task<> answer_in_task(answering& all, tcp_stream peer);
void answer_in_fiber(answering& all, tcp_stream peer);

/// Line by line. One of more than `line_bytes_max` ends the connection (`line_too_long`).
[[nodiscard]] task<> answer_lines_in_task(answering& all, tcp_stream peer);
void answer_lines_in_fiber(answering& all, tcp_stream peer);

inline constexpr std::size_t line_bytes_max = std::size_t{64} * 1024;

}  // namespace weft::tool
