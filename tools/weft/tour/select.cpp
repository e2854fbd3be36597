#include "select.hpp"

#include "command_line.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace weft::tour {
namespace {

struct section {
    std::string_view name;
    int rows;
};

/// The five articles, the course that the first follows, and eventlet's and gevent's own programs.
constexpr std::array sections{section{"0", 18}, section{"1", 9},  section{"2", 6}, section{"3", 10},
                              section{"4", 11}, section{"B", 13}, section{"E", 26}};

/// "004.2" is 4.2, "b" is B.
std::string normal(const std::string& id) {
    std::string text = id;
    for (char& letter : text)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    const auto zeros = text.find_first_not_of('0');
    if (zeros == text.npos) return text.empty() ? text : "0";
    const bool only_zeros_before_dot = text[zeros] == '.';
    return text.substr(only_zeros_before_dot && zeros > 0 ? zeros - 1 : zeros);
}

bool means(const std::string& id, const program& which) {
    return which.id == id || which.id.substr(0, which.id.find('.')) == id;
}

bool is_row(const std::string& id) {
    for (const auto& [name, rows] : sections) {
        if (id == name) return true;
        for (int row = 1; row <= rows; ++row)
            if (id == fmt::format("{}.{}", name, row)) return true;
    }
    return false;
}

std::string explain_unknown(const programs& all, const std::string& given, const std::string& id) {
    constexpr std::string_view see_list = "'weft tour --list' names them all";
    if (is_row(id)) return fmt::format("'{}' has no program yet: {}", given, see_list);
    std::vector<std::string> ids;
    for (const program& one : all) ids.emplace_back(one.id);
    const std::string name = id.substr(0, id.find('.'));
    for (const auto& [section, rows] : sections)
        if (section == name)
            return fmt::format("there is no program '{}': section {} ends with {}.{}; {}", given,
                               name, name, rows, see_list);
    if (const std::string hint = tool::nearest(id, ids); !hint.empty())
        return fmt::format("there is no program '{}': did you mean '{}'? {}", given, hint,
                           see_list);
    return fmt::format("there is no program '{}': an ID is a row (0.2) or a section (0, B); {}",
                       given, see_list);
}

}  // namespace

programs select(const programs& all, const std::vector<std::string>& ids) {
    if (ids.empty()) return all;
    std::vector<std::string> wanted;
    for (const std::string& given : ids) {
        const std::string id = normal(given);
        const auto is_meant = [&](const program& one) { return means(id, one); };
        if (std::ranges::none_of(all, is_meant)) throw unknown_id(explain_unknown(all, given, id));
        wanted.push_back(id);
    }
    programs chosen;
    for (const program& one : all)
        if (std::ranges::any_of(wanted, [&](const auto& id) { return means(id, one); }))
            chosen.push_back(one);
    return chosen;
}

std::string still_to_come(const programs& all) {
    std::string text;
    for (const auto& [name, rows] : sections) {
        for (int row = 1; row <= rows; ++row) {
            const auto missing = [&](int number) {
                const std::string id = fmt::format("{}.{}", name, number);
                return std::ranges::none_of(all, [&](const program& one) { return one.id == id; });
            };
            if (!missing(row)) continue;
            const int first = row;
            while (row < rows && missing(row + 1)) ++row;
            text += fmt::format("{}{}.{}", text.empty() ? "" : ", ", name, first);
            if (row > first) text += fmt::format("-{}.{}", name, row);
        }
    }
    return text;
}

}  // namespace weft::tour
