#include "weft/process/command.hpp"

#include <string_view>

namespace weft {
namespace {

void append_quoted(std::string& to, std::string_view word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
        to += word;
        return;
    }
    to += '\'';
    for (const char c : word) {
        if (c == '\'')
            to += "'\\''";
        else
            to += c;
    }
    to += '\'';
}

}  // namespace

std::string command::text() const {
    std::string all;
    append_quoted(all, program_);
    for (const std::string& one : args_) {
        all += ' ';
        append_quoted(all, one);
    }
    return all;
}

}  // namespace weft
