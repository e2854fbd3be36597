#pragma once

#include "weft/base/export.hpp"
#include "weft/base/write_error.hpp"
#include "weft/sync/wait_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

/// Byte pipes within a loop, without the kernel.
namespace weft {

/// Figures of a memory pipe.
class memory_pipe_statistics {
public:
    memory_pipe_statistics(std::size_t buffered, std::size_t capacity, std::size_t readers,
                           std::size_t writers, std::uint64_t passed) noexcept
        : buffered_(buffered),
          capacity_(capacity),
          readers_(readers),
          writers_(writers),
          passed_(passed) {}
    /// Bytes in it, and how many there may be.
    [[nodiscard]] std::size_t buffered() const noexcept { return buffered_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Coroutines that wait now, for bytes and for room.
    [[nodiscard]] std::size_t waiting_readers() const noexcept { return readers_; }
    [[nodiscard]] std::size_t waiting_writers() const noexcept { return writers_; }
    /// Bytes that were read, ever.
    [[nodiscard]] std::uint64_t passed() const noexcept { return passed_; }

private:
    std::size_t buffered_;
    std::size_t capacity_;
    std::size_t readers_;
    std::size_t writers_;
    std::uint64_t passed_;
};

namespace detail {

WEFT_EXPORT extern const wait_kind memory_read_kind;
WEFT_EXPORT extern const wait_kind memory_write_kind;

class memory_pipe_state;

/// What a reader waits with.
class memory_reading : public queued_waiter {
public:
    memory_reading(memory_pipe_state* pipe, char* into, std::size_t n) noexcept
        : queued_waiter(memory_read_kind), pipe_(pipe), into_(into), n_(n) {}

protected:
    ~memory_reading() = default;

    friend memory_pipe_state;
    memory_pipe_state* pipe_;
    char* into_;
    std::size_t n_;
    std::size_t done_ = 0;
    int error_ = 0;
};

/// What a writer waits with: one piece of its own, or several of the caller's.
class memory_writing : public queued_waiter {
public:
    memory_writing(memory_pipe_state* pipe, std::string_view bytes, bool whole) noexcept
        : queued_waiter(memory_write_kind), pipe_(pipe), rest_(bytes), whole_(whole) {}
    memory_writing(memory_pipe_state* pipe, std::span<const std::string_view> pieces) noexcept
        : queued_waiter(memory_write_kind), pipe_(pipe), pieces_(pieces) {
        next_piece();
    }

protected:
    ~memory_writing() = default;

    friend memory_pipe_state;
    /// The rest of the piece that is being written, and the pieces after it.
    void next_piece() noexcept {
        while (rest_.empty() && !pieces_.empty()) {
            rest_ = pieces_.front();
            pieces_ = pieces_.subspan(1);
        }
    }

    memory_pipe_state* pipe_;
    std::string_view rest_;
    std::span<const std::string_view> pieces_;
    std::size_t done_ = 0;
    bool whole_ = false;  // some are not enough
    int error_ = 0;
};

class WEFT_EXPORT memory_read_awaiter : public awaiter<memory_read_awaiter, memory_reading> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now();
    void start() noexcept;
    std::size_t finish() const;
};

class WEFT_EXPORT memory_write_awaiter : public awaiter<memory_write_awaiter, memory_writing> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now();
    void start() noexcept;
    std::size_t finish() const;
};

/// What both ends share.
///
/// Rules:
/// 1. Readers wait only while it is empty, writers only while it is full; each line is served in
///    its order, and nobody overtakes it.
/// 2. Who wakes somebody has moved the bytes: a transfer that was made is never undone. A reader
///    gets them where it wanted them, and they pass the ring only when nobody waits.
/// 3. An end that is closed wakes who waits at either. The state goes with the second end.
class WEFT_EXPORT memory_pipe_state {
public:
    /// Throws `usage_error` for no capacity.
    explicit memory_pipe_state(std::size_t capacity);
    memory_pipe_state(const memory_pipe_state&) = delete;
    memory_pipe_state& operator=(const memory_pipe_state&) = delete;

    [[nodiscard]] bool read(memory_reading& r);
    [[nodiscard]] bool write(memory_writing& w);
    void wait(memory_reading& r) noexcept { readers_.push(r); }
    void wait(memory_writing& w) noexcept { writers_.push(w); }
    void close_reader();
    void close_writer();
    [[nodiscard]] memory_pipe_statistics statistics() const noexcept;

    /// Of the ends, which are two until one is destroyed.
    static void let_go(memory_pipe_state* state) noexcept;

private:
    ~memory_pipe_state() = default;

    [[nodiscard]] std::size_t room() const noexcept { return capacity_ - size_; }
    [[nodiscard]] static std::size_t some_of(std::size_t n) noexcept;
    [[nodiscard]] static bool is_done(const memory_writing& w) noexcept;
    void give(memory_writing& w);
    void put(std::string_view bytes);
    void get(char* into, std::size_t n) noexcept;
    void serve_writers();

    wait_queue readers_;
    wait_queue writers_;
    std::unique_ptr<char[]> ring_;
    std::size_t capacity_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
    std::uint64_t passed_ = 0;
    int ends_ = 2;
    bool reader_open_ = true;
    bool writer_open_ = true;
};

/// An end's hold of the state.
class memory_pipe_hold {
public:
    memory_pipe_hold() noexcept = default;
    explicit memory_pipe_hold(memory_pipe_state* state) noexcept : state_(state) {}
    memory_pipe_hold(memory_pipe_hold&& other) noexcept
        : state_(std::exchange(other.state_, nullptr)) {}
    memory_pipe_hold& operator=(memory_pipe_hold&& other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~memory_pipe_hold() {
        if (state_ != nullptr) memory_pipe_state::let_go(state_);
    }
    [[nodiscard]] memory_pipe_state* get() const noexcept { return state_; }

private:
    memory_pipe_state* state_ = nullptr;
};

}  // namespace detail

/// The end of a memory pipe that bytes come out of. Closed when it is destroyed.
class WEFT_EXPORT memory_pipe_reader {
public:
    memory_pipe_reader() noexcept = default;
    explicit memory_pipe_reader(detail::memory_pipe_state& state) noexcept : state_(&state) {}
    memory_pipe_reader(memory_pipe_reader&&) noexcept = default;
    memory_pipe_reader& operator=(memory_pipe_reader&& other) noexcept;
    ~memory_pipe_reader() { close(); }

    /// Awaited, gives the bytes read, at least one; 0 at the end, when the writer is closed. Throws
    /// `std::system_error`, `EBADF` when this end is closed. A cancellation loses nothing: what was
    /// read is given.
    [[nodiscard]] auto read_some(char* into, std::size_t n) const noexcept {
        return detail::memory_read_awaiter(state_.get(), into, n);
    }
    [[nodiscard]] auto read_some(std::span<std::byte> into) const noexcept {
        return read_some(reinterpret_cast<char*>(into.data()), into.size());
    }
    /// Writers get `EPIPE` from now on, who waits to read here `EBADF`. What is in it is dropped.
    void close() noexcept;
    [[nodiscard]] memory_pipe_statistics statistics() const noexcept;

private:
    detail::memory_pipe_hold state_;
};

/// The end of a memory pipe that bytes go into. Closed when it is destroyed.
class WEFT_EXPORT memory_pipe_writer {
public:
    memory_pipe_writer() noexcept = default;
    explicit memory_pipe_writer(detail::memory_pipe_state& state) noexcept : state_(&state) {}
    memory_pipe_writer(memory_pipe_writer&&) noexcept = default;
    memory_pipe_writer& operator=(memory_pipe_writer&& other) noexcept;
    ~memory_pipe_writer() { close(); }

    /// Awaited, gives the bytes written, at least one, unless there are none. Waits while it is
    /// full. Throws `std::system_error`: `EPIPE` when the reader is closed, `EBADF` when this end
    /// is. A cancellation: nothing was written, or its number is given.
    [[nodiscard]] auto write_some(std::string_view bytes) const noexcept {
        return detail::memory_write_awaiter(state_.get(), bytes, false);
    }
    /// The same of several pieces, in their order; `pieces` and what they show live until then.
    [[nodiscard]] auto write_some(std::span<const std::string_view> pieces) const noexcept {
        return detail::memory_write_awaiter(state_.get(), pieces);
    }
    /// Awaited, has written all of it, which must live until then; gives its size. Throws
    /// `write_error`. A cancellation may leave a part of it written.
    [[nodiscard]] auto write_all(std::string_view bytes) const noexcept {
        return detail::memory_write_awaiter(state_.get(), bytes, true);
    }
    /// The reader gets what is in it, then the end. Who waits to write here gets `EBADF`.
    void close() noexcept;
    [[nodiscard]] memory_pipe_statistics statistics() const noexcept;

private:
    detail::memory_pipe_hold state_;
};

/// A pipe without a kernel: bytes go from one coroutine to another one of the same loop.
///
/// ```cpp
/// weft::task<> hello_in_memory() {
///     weft::memory_pipe p(4096);
///     co_await p.writer.write_all("hello");
///     char bytes[8];
///     const std::size_t n = co_await p.reader.read_some(bytes, sizeof bytes);
///     (void)n;  // 5
/// }
/// ```
///
/// 1. It holds `capacity` bytes; who writes more waits until somebody reads. Who waits is served in
///    the order of their coming. Nothing is allocated by a wait; the buffer, by the first write
///    that nobody waits for.
/// 2. Errors are those of a pipe of the kernel: `EPIPE` without a reader, `EBADF` at an end that is
///    closed, also while somebody waits there.
/// 3. Under an oracle (weft/testing) reads and writes are short, by its choice: what a protocol
///    makes of them is tested without sockets.
/// 4. One loop's; made anywhere.
class WEFT_EXPORT memory_pipe {
public:
    static constexpr std::size_t default_capacity = std::size_t{64} * 1024;

    /// Throws `usage_error` for a capacity of 0.
    explicit memory_pipe(std::size_t capacity = default_capacity);

    // In this order: where the whole pipe is destroyed, who reads is told so, and not of an end.
    memory_pipe_writer writer;
    memory_pipe_reader reader;
};

}  // namespace weft
