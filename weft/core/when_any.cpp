#include "weft/core/when_any.hpp"

#include "weft/base/error.hpp"

namespace weft::detail {

void refuse_any_of_nothing() {
    throw usage_error("when_any(): the range is empty, and so nothing would ever be first: leave "
                      "the call out");
}

}  // namespace weft::detail
