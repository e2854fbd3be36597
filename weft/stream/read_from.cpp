#include "weft/stream/read_from.hpp"

#include "weft/base/error.hpp"

namespace weft::detail {

delimited_wanted::delimited_wanted(std::string_view delimiter, std::size_t limit)
    : delimiter_(delimiter), limit_(limit) {
    if (delimiter.empty())
        throw usage_error(
            "read_until(): an empty delimiter is everywhere: give it at least one byte");
}

}  // namespace weft::detail
