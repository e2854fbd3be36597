#pragma once

#include "weft/base/export.hpp"
#include "weft/base/write_error.hpp"
#include "weft/core/operation_awaiter.hpp"
#include "weft/core/task.hpp"
#include "weft/io/owned_descriptor.hpp"

#include <cstddef>
#include <span>
#include <string_view>

/// Pipes between coroutines, threads and processes.
namespace weft {

/// One end of a pipe.
using pipe_end = owned_descriptor;

class WEFT_EXPORT pipe_reader : public owned_descriptor {
public:
    using owned_descriptor::owned_descriptor;
    /// Awaited, gives the bytes read, at least one; 0 at the end, when no writer is left. Throws
    /// `std::system_error`. A cancellation loses nothing: what was read is given.
    [[nodiscard]] auto read_some(std::span<std::byte> into) const noexcept {
        return detail::operation_awaiter(operation_code::read, descriptor(), into.data(),
                                         into.size());
    }
    [[nodiscard]] auto read_some(char* into, std::size_t n) const noexcept {
        return detail::operation_awaiter(operation_code::read, descriptor(), into, n);
    }
};

class WEFT_EXPORT pipe_writer : public owned_descriptor {
public:
    using owned_descriptor::owned_descriptor;
    /// Awaited, gives the bytes written, at least one. Throws `std::system_error`, `EPIPE` when no
    /// reader is left; there is no SIGPIPE.
    [[nodiscard]] auto write_some(std::string_view bytes) const noexcept {
        return detail::operation_awaiter(operation_code::write, descriptor(),
                                         const_cast<char*>(bytes.data()), bytes.size());
    }
    /// Awaited, has written all of it, which must live until then. Throws `write_error`.
    [[nodiscard]] task<> write_all(std::string_view bytes) const;
};

/// A pipe, on this thread's loop.
///
/// ```cpp
/// weft::task<> hello() {
///     weft::pipe p;
///     co_await p.writer.write_all("hello");
///     char bytes[8];
///     const std::size_t n = co_await p.reader.read_some(bytes, sizeof bytes);
///     (void)n;  // 5
/// }
/// ```
class WEFT_EXPORT pipe {
public:
    /// Throws `std::system_error` (`EMFILE`), and `usage_error` outside of a loop.
    pipe();

    pipe_reader reader;
    pipe_writer writer;
};

}  // namespace weft
