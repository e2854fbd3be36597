#include "weft/base/error.hpp"

namespace weft {

// The destructors are here so that each class has one vtable and one type_info, in the library: an
// exception then has the same type on both sides of a shared object's boundary.
usage_error::~usage_error() = default;
not_started::~not_started() = default;
already_executing::~already_executing() = default;
ignored_exit::~ignored_exit() = default;
bad_switch::~bad_switch() = default;

}  // namespace weft
