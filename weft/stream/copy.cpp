#include "weft/stream/copy.hpp"

namespace weft {

copy_error::copy_error(const std::system_error& cause, side failed, std::size_t written)
    : write_error(cause, written), failed_(failed) {}
copy_error::~copy_error() = default;

}  // namespace weft
