#pragma once

#include <exception>
#include <string>
#include <typeinfo>

/// The texts of what greenlets refuse.
namespace weft::detail {

/// `bad_switch`: a greenlet that has not begun was sent something else than it takes.
[[nodiscard]] std::exception_ptr bad_arguments(const std::type_info& takes,
                                               const std::type_info& sent);
/// `bad_switch`: a suspended one was sent something else than it waits for.
[[nodiscard]] std::exception_ptr bad_value(const std::type_info& expects,
                                           const std::type_info& sent);
/// `bad_switch`: a greenlet ended with something else than its parent waits for.
[[nodiscard]] std::exception_ptr bad_result(const std::type_info& expects,
                                            const std::type_info& result);

// `usage_error`; `what` is the function that was called.
[[noreturn]] void refuse_moved_from(const char* what);
[[noreturn]] void refuse_foreign(const char* what);
[[noreturn]] void refuse_no_error();

}  // namespace weft::detail
