#pragma once

#include "weft/base/export.hpp"

#include <thread>

namespace weft::detail {

/// Starts a thread with all signals blocked, so that they go to the program's own. `name` is at
/// most 15 characters long.
[[nodiscard]] WEFT_EXPORT std::thread start_quiet_thread(void (*work)(void*), void* argument,
                                                         const char* name);

}  // namespace weft::detail
