#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/process/command.hpp"

#include <array>
#include <sys/types.h>

/// Starting processes, without a loop.
namespace weft::detail {

/// A process that runs, and this program's ends of its pipes.
class started_process {
public:
    started_process() = default;

    pid_t id = -1;
    unique_fd pidfd;  ///< none when the process has ended and its status is lost
    std::array<unique_fd, 3> ends;
};

/// Throws `usage_error`, and `std::system_error`, which names the program; nothing is left then.
[[nodiscard]] WEFT_EXPORT started_process start_process(const command& what);

}  // namespace weft::detail
