#include "weft/base/unhandled.hpp"

#include "weft/base/error.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <typeinfo>

namespace weft {
namespace {

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : name;
}

void write_to_standard_error(std::exception_ptr error, std::string_view where) noexcept {
    std::string text = "(no memory to describe it)";
    try {
        text = describe_exception(error);
    } catch (...) {  // Out of memory: the fixed text above has to do.
    }
    std::fprintf(stderr, "weft: unhandled error in %.*s: %s\n", static_cast<int>(where.size()),
                 where.data(), text.c_str());
}

// Set by anyone, read at each report; the handler itself must be thread-safe.
std::atomic<unhandled_handler> current_handler = &write_to_standard_error;

}  // namespace

unhandled_handler set_unhandled_handler(unhandled_handler handler) noexcept {
    return current_handler.exchange(handler != nullptr ? handler : &write_to_standard_error);
}

void report_unhandled(std::exception_ptr error, std::string_view where) noexcept {
    current_handler.load()(std::move(error), where);
}

std::string describe_exception(const std::exception_ptr& error) {
    if (!error) return "no error";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return demangled(typeid(e).name()) + ": " + e.what();
    } catch (const generator_exit& e) {
        return std::string("weft::generator_exit: ") + e.what();
    } catch (const greenlet_exit& e) {
        return std::string("weft::greenlet_exit: ") + e.what();
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        return type != nullptr ? "an exception of type " + demangled(type->name())
                               : "an exception of unknown type";
    }
}

}  // namespace weft
