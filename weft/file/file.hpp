#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/base/write_error.hpp"
#include "weft/core/task.hpp"
#include "weft/file/file_state.hpp"
#include "weft/file/open_mode.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// Files.
namespace weft {
namespace detail {
class file_access;
}  // namespace detail

/// An open file, and anything else that has a path: a byte stream in both directions, at a position
/// that moves, and bytes at any offset. No call keeps the loop, whatever the disk takes.
///
/// ```cpp
/// weft::task<> shout(std::string from, std::string to) {
///     auto in = co_await weft::file::open(from);
///     auto out = co_await weft::file::create(to);
///     weft::buffered_reader lines(in);
///     while (auto line = co_await lines.read_line()) co_await out.write_all(*line + "!\n");
///     co_await out.sync_data();
/// }
/// ```
///
/// 1. What the page cache has is read at once (preadv2(2), RWF_NOWAIT). The rest is done by the
///    loop's driver, if it can (io_uring), else by a thread of the loop's pool (`offload`): some
///    20 us beside what the disk takes. Most file systems write that way always: write in large
///    pieces (`buffered_writer`).
/// 2. Errors are `std::system_error` and name the path; of `write_all` a `write_error`, which knows
///    how many bytes were written (ENOSPC).
/// 3. A cancellation waits for what has begun, and its result is given: a read loses nothing. The
///    position moves by what was given, and only then.
/// 4. One coroutine reads or writes at the position at a time. Any number may use `read_at` and
///    `write_at`. It may be moved meanwhile, but not destroyed: that ends the program, with a text.
/// 5. Pipes with a name, terminals and devices are waited for as sockets are; they have no offsets.
///    A pipe without a reader cannot be opened to write to (ENXIO).
/// 6. On the loop's thread. In a simulated world too, with the files of the real one.
class WEFT_EXPORT file {
public:
    /// None; for moving one into.
    file() noexcept = default;

    /// Awaited, gives it open, for reading unless the mode says otherwise. Throws
    /// `std::system_error`: ENOENT, EACCES, EISDIR, EEXIST, EMFILE…
    [[nodiscard]] static task<file> open(std::string path, open_mode how = {});
    /// The same to write to; empty, whether it was there or not.
    [[nodiscard]] static task<file> create(std::string path);
    /// Takes over a descriptor; `name` is for errors. Where it is a file, its own position is used,
    /// which others may share; what is waited for is made non-blocking.
    [[nodiscard]] static file adopt(unique_fd descriptor, std::string name);

    /// Awaited, gives the bytes read at the position, at least one; 0 at the end.
    [[nodiscard]] auto read_some(char* into, std::size_t n) const {
        detail::file_state& f = state();
        return detail::file_transfer(f,
                                     f.is_stream ? operation_code::read : operation_code::read_at,
                                     into, n, f.next(), detail::file_transfer::moves::yes);
    }
    [[nodiscard]] auto read_some(std::span<std::byte> into) const {
        return read_some(reinterpret_cast<char*>(into.data()), into.size());
    }
    /// The same at an offset in bytes; the position stays.
    [[nodiscard]] auto read_at(std::uint64_t offset, char* into, std::size_t n) const {
        return detail::file_transfer(state(), operation_code::read_at, into, n, offset_of(offset),
                                     detail::file_transfer::moves::no);
    }
    [[nodiscard]] auto read_at(std::uint64_t offset, std::span<std::byte> into) const {
        return read_at(offset, reinterpret_cast<char*>(into.data()), into.size());
    }
    /// Awaited, gives exactly `n` bytes. The end before that is `unexpected_end`, and the position
    /// stays where it was.
    [[nodiscard]] task<std::string> read_exactly(std::size_t n) const;
    /// Awaited, gives all from the position to the end; more than `limit` is `limit_exceeded`.
    [[nodiscard]] task<std::string> read_all(std::size_t limit = SIZE_MAX) const;

    /// Awaited, gives the bytes written at the position, at least one of those there are.
    [[nodiscard]] auto write_some(std::string_view bytes) const {
        detail::file_state& f = state();
        using moves = detail::file_transfer::moves;
        return detail::file_transfer(f,
                                     f.is_stream ? operation_code::write : operation_code::write_at,
                                     const_cast<char*>(bytes.data()), bytes.size(), f.next(),
                                     f.appends ? moves::no : moves::yes);
    }
    /// The same at an offset in bytes; the position stays. (A file opened by `append` writes at its
    /// end nevertheless.)
    [[nodiscard]] auto write_at(std::uint64_t offset, std::string_view bytes) const {
        return detail::file_transfer(state(), operation_code::write_at,
                                     const_cast<char*>(bytes.data()), bytes.size(),
                                     offset_of(offset), detail::file_transfer::moves::no);
    }
    /// Awaited, has written all at the position. The bytes live until then. Throws `write_error`.
    [[nodiscard]] task<> write_all(std::string_view bytes) const;

    /// Awaited, gives the size in bytes.
    [[nodiscard]] task<std::uint64_t> size() const;
    /// Awaited, has made it `bytes` long; what is new is 0. The position stays.
    [[nodiscard]] task<> truncate(std::uint64_t bytes) const;
    /// Awaited, everything that was written is on the disk (fsync(2)); or all but what is not
    /// needed to read it, such as times (fdatasync(2)).
    [[nodiscard]] auto sync() const { return detail::file_sync(state(), operation_code::sync); }
    [[nodiscard]] auto sync_data() const {
        return detail::file_sync(state(), operation_code::sync_data);
    }
    /// Awaited, is closed; throws what earlier writes failed by, on file systems that tell only now
    /// (NFS). Its destructor closes too, and tells nobody. `usage_error` while it is used.
    [[nodiscard]] task<> close();

    /// In bytes from the beginning; `usage_error` where it is not ours (`adopt`, rule 5).
    [[nodiscard]] std::uint64_t position() const;
    void seek(std::uint64_t position) const;
    [[nodiscard]] const std::string& path() const { return state().path; }
    [[nodiscard]] int descriptor() const { return state().descriptor; }
    [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    explicit file(std::unique_ptr<detail::file_state> state) noexcept : state_(std::move(state)) {}
    friend class detail::file_access;

    [[nodiscard]] detail::file_state& state() const;
    [[nodiscard]] static std::int64_t offset_of(std::uint64_t offset) noexcept;

    std::unique_ptr<detail::file_state> state_;
};

}  // namespace weft
