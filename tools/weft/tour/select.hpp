#pragma once

#include "program.hpp"

#include <stdexcept>
#include <string>
#include <vector>

/// Which programs `weft tour ID…` means.
namespace weft::tour {

/// An ID that names no program. The text has a hint.
class unknown_id : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The programs that `ids` name, in their order in `all`: a row (`0.2`), a section (`0`, `000`,
/// `B`). All of them when `ids` is empty. Throws `unknown_id`.
[[nodiscard]] programs select(const programs& all, const std::vector<std::string>& ids);

/// The rows that have no program yet, as ranges: "0.13-0.18, 1.1".
[[nodiscard]] std::string still_to_come(const programs& all);

}  // namespace weft::tour
