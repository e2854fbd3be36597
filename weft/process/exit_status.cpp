#include "weft/process/exit_status.hpp"

#include <csignal>
#include <cstring>

namespace weft {

std::string exit_status::text() const {
    if (way_ == way::lost) return "ended, its status is lost";
    if (way_ == way::exited) return "exited with " + std::to_string(value_);
    const char* const name = ::sigabbrev_np(value_);  // null for those of real time
    return "killed by " +
           (name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(value_)) +
           (dumped_core_ ? " (core dumped)" : "");
}

}  // namespace weft
