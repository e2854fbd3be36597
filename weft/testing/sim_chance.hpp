#pragma once

#include "weft/base/export.hpp"
#include "weft/core/oracle.hpp"

#include <cstddef>

namespace weft::testing {

/// What a simulated world leaves to chance. Without an oracle nothing is: it is the first of
/// everything, as much as possible, as early as possible, and no fault happens.
class WEFT_EXPORT sim_chance {
public:
    explicit sim_chance(oracle* chooses) noexcept : oracle_(chooses) {}

    /// A number below `n`, which is at least 1.
    [[nodiscard]] std::size_t choose(choice what, std::size_t n) const noexcept;
    /// How many of `possible` bytes are moved: one at least, when there are any.
    [[nodiscard]] std::size_t part_of(std::size_t possible) const noexcept;
    /// `min` to `max`.
    [[nodiscard]] clock::duration between(choice what, clock::duration min,
                                          clock::duration max) const noexcept;
    /// Something of this probability happens now.
    [[nodiscard]] bool strikes(double probability) const noexcept;

private:
    oracle* oracle_;
};

}  // namespace weft::testing
