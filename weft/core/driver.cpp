#include "weft/core/driver.hpp"

#include "weft/base/error.hpp"
#include "weft/core/oracle.hpp"

#include <string>

namespace weft {

driver::~driver() = default;
bool driver::is_stuck() const noexcept {
    return false;
}
bool driver::is_of_kernel() const noexcept {
    return false;
}
bool driver::performs_files() const noexcept {
    return false;
}
int driver::descriptor() {
    throw usage_error(std::string("loop::fd(): the driver '") + name() +
                      "' has no descriptor to wait for: call run_ready() by next_deadline(), or "
                      "use a driver of weft/io");
}
bool driver::prepare(clock::time_point deadline) noexcept {
    return deadline > now();
}
void driver::await_real_work(bool) noexcept {}
socket_calls& driver::sockets() {
    throw usage_error(std::string("the driver '") + name() +
                      "' has no sockets: run the loop with another (options::driver)");
}

socket_calls::~socket_calls() = default;
int socket_calls::remove_file(const void*, std::size_t) noexcept {
    return 0;
}
bool socket_calls::is_left_behind(const void*, std::size_t) noexcept {
    return false;
}

oracle::~oracle() = default;
void oracle::resumed(std::uint64_t, clock::time_point) noexcept {}

}  // namespace weft
