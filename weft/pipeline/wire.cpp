#include "weft/pipeline/wire.hpp"

namespace weft {

wire_error::~wire_error() = default;

void wire_reader::refuse(std::uint64_t n) const {
    throw wire_error("weft::wire: an item is cut short: " + std::to_string(n) +
                     " bytes are missing where " + std::to_string(left()) + " are left");
}

}  // namespace weft
