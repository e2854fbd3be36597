#include "weft/xml/xml_error.hpp"

#include <utility>

namespace weft {

xml_error::xml_error(std::string source, xml_position at, std::string reason)
    : std::runtime_error(source + ":" + std::to_string(at.line()) + ":" +
                         std::to_string(at.column()) + ": " + reason),
      source_(std::move(source)),
      at_(at),
      reason_(std::move(reason)) {}

xml_error::~xml_error() = default;

}  // namespace weft
