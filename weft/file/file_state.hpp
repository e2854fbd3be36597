#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/io/file_operation.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

/// What a file is to the loop.
namespace weft::detail {

/// An open file. It stays where it is while its `file` moves, and outlives what is asked of it. One
/// thread, the loop's.
class WEFT_EXPORT file_state {
public:
    /// Takes over a descriptor, and finds out what it is. Throws `std::system_error`, which names
    /// the file, and `usage_error`.
    file_state(std::string name, unique_fd fd);
    file_state(const file_state&) = delete;
    file_state& operator=(const file_state&) = delete;
    ~file_state();

    /// Closes it, as far as the loop is concerned.
    void close() noexcept;
    [[noreturn]] void fail(int error, const char* doing) const;

    /// Where the next transfer begins: of what is no file, anywhere.
    [[nodiscard]] std::int64_t next() const noexcept {
        return shares_position ? file_place::own : position;
    }
    void move_by(std::int64_t n) noexcept {
        if (!shares_position) position += n;
    }

    const std::string path;
    int descriptor;
    std::int64_t position = 0;
    bool is_stream = false;  ///< it is waited for: a pipe, a terminal, a socket
    bool appends = false;
    bool shares_position = false;  ///< with other processes: its own is used
    int flags_before = -1;         ///< to be set again by the end; -1: nothing is
    unsigned users = 0;            ///< awaits that are under way
};

/// Who awaits something of it.
class file_user {
public:
    explicit file_user(file_state& of) noexcept : of_(of) { ++of_.users; }
    file_user(const file_user&) = delete;
    file_user& operator=(const file_user&) = delete;
    ~file_user() { --of_.users; }
    [[nodiscard]] file_state& state() const noexcept { return of_; }

private:
    file_state& of_;
};

/// Gives the bytes that were read or written, or 0 for a sync.
class WEFT_EXPORT file_transfer : public awaiter<file_transfer, file_operation> {
public:
    enum class moves : bool { no, yes };

    file_transfer(file_state& of, operation_code c, void* bytes, std::size_t n, std::int64_t offset,
                  moves m) noexcept
        : awaiter(c, of.descriptor, bytes, n, offset), user_(of), moves_(m) {}
    std::size_t finish();

private:
    file_user user_;
    moves moves_;
};

class WEFT_EXPORT file_sync : public awaiter<file_sync, file_operation> {
public:
    file_sync(file_state& of, operation_code c) noexcept
        : awaiter(c, of.descriptor, nullptr, 0, 0), user_(of) {}
    void finish();

private:
    file_user user_;
};

}  // namespace weft::detail
