#include "weft/core/exception_group.hpp"

#include "weft/base/unhandled.hpp"

#include <utility>

namespace weft {

exception_group::exception_group(std::vector<std::exception_ptr> errors)
    : errors_(std::move(errors)) {  // NOLINT(bugprone-throw-keyword-missing): a member's
    text_ = errors_.size() == 1 ? "1 error" : std::to_string(errors_.size()) + " errors";
    text_ += " in a scope:";
    for (const auto& e : errors_) text_ += "\n- " + describe_exception(e);
}
exception_group::~exception_group() = default;

}  // namespace weft
