#pragma once

#include "weft/base/unhandled.hpp"

#include <concepts>
#include <exception>
#include <string>
#include <typeinfo>

/// What tests of errors share: the text of what was thrown, and its exact type.
namespace weft::testing {

/// The text of the `Error` that `action` throws; says what happened instead when it does not. The
/// type must be that one, not a derived one.
template <class Error, class Action>
[[nodiscard]] std::string thrown(Action&& action) {
    try {
        action();
    } catch (const Error& e) {
        if constexpr (std::derived_from<Error, std::exception>) {
            if (typeid(e) != typeid(Error)) return std::string("threw a ") + typeid(e).name();
        }
        return e.what();
    } catch (...) {
        return "threw something else: " + describe_exception(std::current_exception());
    }
    return "threw nothing";
}

}  // namespace weft::testing
