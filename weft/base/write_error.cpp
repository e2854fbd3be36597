#include "weft/base/write_error.hpp"

namespace weft {

write_error::write_error(const std::system_error& cause, std::size_t written)
    : std::system_error(cause), written_(written) {}
write_error::~write_error() = default;

}  // namespace weft
