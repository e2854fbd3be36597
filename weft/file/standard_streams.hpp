#pragma once

#include "weft/base/export.hpp"
#include "weft/file/file.hpp"

/// The standard streams of this program, on its loop.
namespace weft {

/// What this program reads, and what it writes to, as streams that do not keep the loop, whatever
/// they are: a terminal, a pipe, a socket, a file, a device.
///
/// ```cpp
/// weft::task<> number_lines() {
///     const auto in = weft::standard_input();
///     const auto out = weft::standard_output();
///     weft::buffered_reader lines(in);
///     for (int n = 1; auto line = co_await lines.read_line(); ++n)
///         co_await out.write_all(std::to_string(n) + ' ' + *line + '\n');
/// }
/// ```
///
/// 1. The terminal is left as it is. O_NONBLOCK belongs to what is open, and other programs have
///    that open too: a shell whose terminal does not block would see an end. So what can be opened
///    again is (/proc/self/fd/0), and this stream has one of its own. What cannot, a socket or the
///    terminal of another user, is made non-blocking while the stream lives, and is as it was
///    afterwards.
/// 2. Of a file, the position is the one that it has, shared with whoever has it from the same
///    shell; what is appended to is appended to.
/// 3. What std::cin has read ahead is not seen here, what std::cout has not flushed comes later.
/// 4. Throws `std::system_error` when it is closed (`EBADF`), and `usage_error` without a loop. In
///    a simulated world files and devices only.
[[nodiscard]] WEFT_EXPORT file standard_input();
[[nodiscard]] WEFT_EXPORT file standard_output();
[[nodiscard]] WEFT_EXPORT file standard_error();

}  // namespace weft
