#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <cstdint>

/// What a loop asks of its driver.
namespace weft {

// g++ 12 takes an enumerator, though it is scoped, for a second `weft::receive`.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class operation_code : std::uint8_t {
    readable,  ///< wait until a read would not block: data, an end, or an error. Result: 0
    writable,  ///< wait until a write would not block. Result: 0
    read,      ///< read at most `size` bytes into `buffer`. Result: the bytes; 0 at the end
    write,     ///< write at most `size` bytes from `buffer`. Result: the bytes. Never SIGPIPE
    receive,   ///< `read` of a socket, by recv(2)
    send,      ///< `write` to a socket, by send(2)
    receive_message,  ///< `buffer` is a msghdr, for recvmsg(2). Result: the bytes
    send_message,     ///< `buffer` is a msghdr, for sendmsg(2). Result: the bytes
    accept,           ///< Result: a new socket, fit for operations and closed on exec
    connect,          ///< to the address of `size` bytes at `buffer`. Result: 0
    send_file,  ///< send at most `size` bytes of the `file_part` at `buffer`. Result: the bytes
    read_at,    ///< `read` of a file: `buffer` is a `file_place`. See `driver::performs_files`
    write_at,   ///< `write` to a file: `buffer` is a `file_place`
    sync,       ///< everything written to a file is on its disk. Result: 0
    sync_data,  ///< the same without what it does not need to be read
};
#pragma GCC diagnostic pop
inline constexpr std::size_t operation_code_count = 15;

/// Where the bytes of a `send_file` come from.
class file_part {
public:
    file_part(int f, std::int64_t from) noexcept : file(f), offset(from) {}
    int file;
    std::int64_t offset;
};

/// Which bytes of a file, and where they are in memory.
class file_place {
public:
    file_place(void* memory, std::int64_t from) noexcept : bytes(memory), offset(from) {}
    /// The file's own position, which moves.
    static constexpr std::int64_t own = -1;

    void* bytes;
    std::int64_t offset;
};

/// Of a file, which never is ready or not: it takes what its disk takes.
[[nodiscard]] constexpr bool is_of_file(operation_code code) noexcept {
    return code >= operation_code::read_at;
}

/// An operation, from its submission until it is complete. It lies in the frame or on the stack of
/// who waits for it, and neither moves nor goes meanwhile: a kernel may own its memory.
///
/// Rules:
/// 1. Its owner sets what is asked; the driver reads that, writes `result`, and links it by `next`
///    and `prev`, which are the driver's alone while it is pending.
/// 2. A driver completes a pending operation exactly once, by `complete`, and only from within
///    `driver::park` or `driver::close`.
/// 3. One thread, the loop's.
class WEFT_EXPORT operation {
public:
    /// Called by the driver when it is complete; it is the driver's no longer.
    using completion = void (*)(operation& op) noexcept;

    operation(operation_code c, int fd, void* b, std::size_t n, completion done) noexcept
        : code(c), descriptor(fd), buffer(b), size(n), completed_(done) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    operation_code code;
    bool pending = false;
    bool cancelling = false;  ///< `driver::cancel` was called
    /// A `receive` that gets less than it asked for has emptied the socket (true of TCP): a driver
    /// need not ask the kernel again until it hears of more.
    bool short_is_empty = false;
    int descriptor;
    void* buffer;
    std::size_t size;
    /// What it came to: not negative, or the negative of an `errno`; `-ECANCELED` when it was
    /// cancelled and did nothing, `-EBADF` when its descriptor was closed.
    std::int64_t result = 0;

    operation* next = nullptr;
    operation* prev = nullptr;

    void complete(std::int64_t r) noexcept {
        result = r;
        pending = false;
        completed_(*this);
    }

protected:
    ~operation() = default;

private:
    completion completed_;
};

}  // namespace weft
