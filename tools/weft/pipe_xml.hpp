#pragma once

#include "pipe_run.hpp"

#include <string>

/// `weft pipe --xml`: the elements of XML documents, one a line.
namespace weft::tool {

/// What is wrong with the request; empty when nothing is.
[[nodiscard]] std::string xml_usage_fault(const pipe_request& request);

/// Exit status 0 or 1, or 128 and the number of the signal that ended the reading of standard
/// input.
[[nodiscard]] int run_pipe_xml(const pipe_request& request);

}  // namespace weft::tool
