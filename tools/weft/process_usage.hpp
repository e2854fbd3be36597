#pragma once

#include <chrono>
#include <cstdint>

/// What this process uses.
namespace weft::tool {

/// Bytes of memory that this process has written to, as files are not, and of its page tables. What
/// the kernel keeps for sockets is not in it.
[[nodiscard]] std::uint64_t anonymous_memory();
/// Of all its threads, in user space and in the kernel.
[[nodiscard]] std::chrono::nanoseconds processor_time() noexcept;

}  // namespace weft::tool
