#include "weft/core/pool.hpp"

#include "weft/base/error.hpp"

namespace weft::detail {

std::size_t checked_pool_size(std::size_t n) {
    if (n == 0)
        throw usage_error("pool(0): nothing could ever run in it: give it a place at least");
    return n;
}

}  // namespace weft::detail
