#include "weft/xml/xml_record.hpp"

namespace weft {

field_error::~field_error() = default;

std::optional<std::string_view> xml_record::find(std::string_view name) const noexcept {
    for (const named& field : fields_)
        if (view(field.name) == name) return view(field.text);
    return std::nullopt;
}

std::string_view xml_record::trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

bool xml_record::parse(std::string_view text, bool& value) noexcept {
    text = trimmed(text);
    value = text == "true" || text == "1";
    return value || text == "false" || text == "0";
}

void xml_record::throw_missing(std::string_view name) const {
    std::string all;
    for (const xml_field one : *this) {
        all += all.empty() ? ": it has " : ", ";
        all += one.name();
    }
    throw field_error("the record '" + std::string(this->name()) + "' has no field '" +
                      std::string(name) + "'" + all);
}

void xml_record::throw_no_value(std::string_view name, std::string_view text,
                                const char* kind) const {
    throw field_error("the field '" + std::string(name) + "' of the record '" +
                      std::string(this->name()) + "' is " + kind + ": '" + std::string(text) + "'");
}

}  // namespace weft
