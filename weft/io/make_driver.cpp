#include "weft/core/driver.hpp"
#include "weft/io/driver_epoll.hpp"

namespace weft {

std::unique_ptr<driver> make_driver() {
    return std::make_unique<driver_epoll>();
}

}  // namespace weft
