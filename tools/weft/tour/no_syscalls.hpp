#pragma once

#include <functional>

/// Whether a piece of work asks the kernel for anything.
namespace weft::tour {

enum class kernel_use {
    none,       ///< it did its work without a system call
    some,       ///< it made one
    failed,     ///< it made none, and failed
    not_known,  ///< this build or this system cannot tell
};

/// Runs `work` in a child process that has given up every system call but the one that ends it:
/// the kernel kills it at the first other one. `work` returns whether it succeeded. Needs no
/// privileges.
[[nodiscard]] kernel_use kernel_use_of(const std::function<bool()>& work);

}  // namespace weft::tour
