#include "weft/core/greenlet_errors.hpp"

#include "weft/base/error.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <string_view>

namespace weft::detail {
namespace {

/// A type as it is written in a program.
std::string written(const std::type_info& type) {
    if (type == typeid(void)) return "nothing";
    if (type == typeid(std::string)) return "std::string";
    if (type == typeid(std::string_view)) return "std::string_view";
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : type.name();
}

std::exception_ptr bad(const std::string& text) {
    return std::make_exception_ptr(bad_switch(text));
}

}  // namespace

std::exception_ptr bad_arguments(const std::type_info& takes, const std::type_info& sent) {
    return bad("switch_to(): the greenlet begins with this switch and its function takes " +
               written(takes) + ", but " + written(sent) +
               " was sent: pass what it takes, of exactly these types");
}

std::exception_ptr bad_value(const std::type_info& expects, const std::type_info& sent) {
    return bad("switch_to(): the greenlet waits in a switch_to for " + written(expects) + ", but " +
               written(sent) +
               " was sent: send a value of exactly that type, or name there what "
               "is sent");
}

std::exception_ptr bad_result(const std::type_info& expects, const std::type_info& result) {
    return bad("a greenlet ended with " + written(result) +
               ", but its parent waits in a switch_to for " + written(expects) +
               ": name there what the greenlet returns, or nothing");
}

void refuse_moved_from(const char* what) {
    throw usage_error(std::string(what) +
                      ": this greenlet object is empty: it was moved from, or is the parent of a "
                      "thread's own greenlet");
}

void refuse_foreign(const char* what) {
    throw usage_error(std::string(what) +
                      ": the greenlet belongs to another thread, or another fiber: switch to it on "
                      "the thread that made it, in the same fiber, and hand values over in some "
                      "other way");
}

void refuse_no_error() {
    throw usage_error("throw_(): the exception_ptr is empty: pass an exception, or one of "
                      "std::current_exception() inside a catch block");
}

}  // namespace weft::detail
