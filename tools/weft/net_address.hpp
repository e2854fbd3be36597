#pragma once

#include "weft/core/task.hpp"
#include "weft/net/address.hpp"

#include <string>
#include <vector>

/// HOST:PORT on a command line.
namespace weft::tool {

/// What is wrong with it; empty: nothing.
[[nodiscard]] std::string fault_of_address(const std::string& text);
/// Its addresses, best first; names are looked up. REQUIRES: no fault.
[[nodiscard]] task<std::vector<address>> find_addresses(std::string text);

}  // namespace weft::tool
