#include "weft/io/readiness.hpp"

#include <string>
#include <system_error>

namespace weft {

void close_descriptor(int descriptor) {
    const int result = detail::scheduler_for("close_descriptor()").world().close(descriptor);
    if (result < 0)
        throw std::system_error(-result, std::generic_category(),
                                "closing descriptor " + std::to_string(descriptor));
}

}  // namespace weft
