#pragma once

#include "weft/base/export.hpp"

/// `WEFT_CHECK(condition, "text")` stays on in release builds: it guards invariants whose breach
/// would corrupt memory, where no exception can be thrown (a destructor, `noexcept` code). It
/// prints the text and the place, and aborts. `WEFT_DCHECK` is the same in debug builds only.
namespace weft::detail {

[[noreturn, gnu::cold]] WEFT_EXPORT void check_failed(const char* condition, const char* text,
                                                      const char* file, int line) noexcept;

}  // namespace weft::detail

#define WEFT_CHECK(condition, text)                                             \
    do {                                                                        \
        if (!(condition)) [[unlikely]]                                          \
            ::weft::detail::check_failed(#condition, text, __FILE__, __LINE__); \
    } while (false)

#ifdef NDEBUG
#define WEFT_DCHECK(condition, text) static_cast<void>(0)
#else
#define WEFT_DCHECK(condition, text) WEFT_CHECK(condition, text)
#endif
