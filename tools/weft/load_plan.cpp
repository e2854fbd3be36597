#include "load_plan.hpp"

#include "weft/base/unhandled.hpp"
#include "weft/base/write_error.hpp"
#include "weft/core/cancel_scope.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace weft::tool {
namespace {

std::string message(std::size_t size, std::size_t number, char first_letter) {
    // 27 characters to a round, and 27 and `different` have no common factor.
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t at = (i + number * 4) % 27;
        text[i] = at == 26 ? ' ' : static_cast<char>(first_letter + static_cast<char>(at));
    }
    if (size > 0) text.back() = '\n';
    return text;
}

}  // namespace

load_messages::load_messages(std::size_t size, expected_answer expected) {
    for (std::size_t i = 0; i < different; ++i) sent_.push_back(message(size, i, 'a'));
    if (expected == expected_answer::same) answers_ = sent_;
    if (expected == expected_answer::upper)
        for (std::size_t i = 0; i < different; ++i) answers_.push_back(message(size, i, 'A'));
}

void load_answer::take(const char* bytes, std::size_t n) {
    if (n == 0) throw load_error("closed by the server");
    if (!expected_.empty() &&
        std::memcmp(expected_.data() + (expected_.size() - left_), bytes, n) != 0)
        throw load_error("wrong answer");
    left_ -= n;
}

address source_of(std::size_t number, std::size_t connections, const address& target) {
    const bool enough = connections <= connections_an_address;
    if (enough || target.family() != address_family::v4 || !target.is_loopback()) return {};
    // 127.0.0.1 to .250, then 127.0.1.1 and so on: never .0 or .255.
    const std::size_t nth = number / connections_an_address;
    return address::ip(fmt::format("127.0.{}.{}", nth / 250 % 256, nth % 250 + 1), 0);
}

std::string kind_of_error(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const timed_out&) {
        return "timed out connecting";
    } catch (const load_error& e) {
        return e.what();
    } catch (const std::system_error& e) {
        // The texts of weft name addresses and numbers of bytes.
        return e.code().message();
    } catch (...) {
        return describe_exception(error);
    }
}

}  // namespace weft::tool
