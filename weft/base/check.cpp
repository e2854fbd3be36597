#include "weft/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace weft::detail {

void check_failed(const char* condition, const char* text, const char* file, int line) noexcept {
    std::fprintf(stderr, "weft: fatal: %s\n  (%s:%d: check failed: %s)\n", text, file, line,
                 condition);
    std::abort();
}

}  // namespace weft::detail
