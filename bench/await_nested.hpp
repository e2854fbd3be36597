#pragma once

#include <weft/core/task.hpp>

#include <cstdint>

/// The child of await_nested.cpp. It is defined in a source file of its own, so that no compiler
/// folds its frame into the parent's.
namespace bench {

[[nodiscard]] weft::task<std::uint64_t> successor(std::uint64_t n);

}  // namespace bench
