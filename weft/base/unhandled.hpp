#pragma once

#include "weft/base/export.hpp"

#include <exception>
#include <string>
#include <string_view>

/// Errors that nobody can receive: what a destructor's `close()` throws, for instance. They are
/// neither dropped nor allowed to end the process; they go to one handler.
namespace weft {

/// Receives an error that has no other receiver. `where` says in a phrase what was being done.
using unhandled_handler = void (*)(std::exception_ptr error, std::string_view where) noexcept;

/// Replaces the process-wide handler and returns the one before; nullptr restores the default,
/// which writes one line to standard error. May be called from any thread.
WEFT_EXPORT unhandled_handler set_unhandled_handler(unhandled_handler handler) noexcept;

/// Hands `error` to the handler. May be called from any thread.
WEFT_EXPORT void report_unhandled(std::exception_ptr error, std::string_view where) noexcept;

/// `what()` of any exception, or a fitting phrase for one that is no `std::exception`.
[[nodiscard]] WEFT_EXPORT std::string describe_exception(const std::exception_ptr& error);

}  // namespace weft
