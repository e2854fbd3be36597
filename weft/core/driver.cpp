#include "weft/core/driver.hpp"

#include "weft/core/oracle.hpp"

namespace weft {

driver::~driver() = default;
bool driver::is_stuck() const noexcept {
    return false;
}

oracle::~oracle() = default;
void oracle::resumed(std::uint64_t, clock::time_point) noexcept {}

}  // namespace weft
