#include "weft/base/result.hpp"

#include "weft/base/error.hpp"

namespace weft::detail {

void refuse_null_error() {
    throw usage_error("result: an error that is null: give the value, or the exception");
}

}  // namespace weft::detail
