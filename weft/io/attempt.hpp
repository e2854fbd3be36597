#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation.hpp"

#include <cstddef>
#include <cstdint>

/// System calls that never wait, for drivers that are told of readiness.
namespace weft::detail {

/// Performs `op` if that is possible without waiting. Returns its result, or `-EAGAIN`. The
/// descriptor is non-blocking, or of a kind for which that means nothing (a regular file, a
/// directory: they are read and written at once, blocking as long as the disk takes). What is asked
/// of files by `read_at` and its like does not block: it is what the page cache has, or takes.
///
/// A write never raises SIGPIPE, and leaves the process's disposition of that signal alone: a
/// library has no business with it, and a program started by this one would inherit SIG_IGN.
WEFT_EXPORT std::int64_t attempt(const operation& op) noexcept;

/// Performs an operation of a file (`is_of_file`), as long as its disk takes. For threads.
WEFT_EXPORT std::int64_t perform_on_file(const operation& op) noexcept;

/// The two ways to write without the signal. The first costs nothing and needs Linux 6.18
/// (RWF_NOSIGNAL); the second masks the signal in this thread meanwhile, two system calls more
/// unless the descriptor is a socket. `attempt` takes the first where there is one.
WEFT_EXPORT std::int64_t write_unsignalled(int fd, const void* bytes, std::size_t size) noexcept;
WEFT_EXPORT std::int64_t write_masked(int fd, const void* bytes, std::size_t size) noexcept;
[[nodiscard]] WEFT_EXPORT bool kernel_writes_unsignalled() noexcept;

}  // namespace weft::detail
