#include "weft/xml/records.hpp"

#include <algorithm>

namespace weft::detail {
namespace {

bool has_ink(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") != text.npos;
}

}  // namespace

bool xml_record_builder::add_inside(const xml_event& event) {
    switch (event.kind()) {
        case xml_kind::text: add_text(event); return false;
        case xml_kind::start:
            if (depth_ == 0)
                begin(event);
            else
                open(event);
            check_size(event);
            return false;
        case xml_kind::end: {
            if (!event.text().empty()) add_text(event);
            const bool is_leaf = depth_ > 1 && !levels_[depth_ - 1].has_children;
            close_text(is_leaf);
            return --depth_ == 0;
        }
        case xml_kind::comment:
        case xml_kind::instruction: return false;
    }
    return false;
}

void xml_record_builder::add_text(const xml_event& event) {
    const span more = store(event.text());
    if (has_text_)
        text_.size += more.size;  // A comment was between them.
    else
        text_ = more;
    has_text_ = true;
    check_size(event);
}

void xml_record_builder::begin(const xml_event& event) {
    record_.text_.clear();
    record_.fields_.clear();
    record_.name_ = store(element_);
    if (levels_.empty()) levels_.resize(1);
    levels_[0] = level{store("."), false};
    depth_ = 1;
    has_text_ = false;
    if (!event.attributes().empty()) add_attributes(event, span{});
}

void xml_record_builder::open(const xml_event& event) {
    close_text(false);
    level& parent = levels_[depth_ - 1];
    parent.has_children = true;
    const span path = store_path(depth_ == 1 ? span{} : parent.path, event.name());
    if (levels_.size() == depth_) levels_.emplace_back();
    levels_[depth_++] = level{path, false};
    if (!event.attributes().empty()) add_attributes(event, path);
}

/// The text of the innermost element since its last tag becomes a field.
void xml_record_builder::close_text(bool always) {
    if (!has_text_) text_ = span{};
    if (always || (has_text_ && has_ink(record_.view(text_))))
        record_.fields_.push_back({levels_[depth_ - 1].path, text_});
    has_text_ = false;
}

void xml_record_builder::add_attributes(const xml_event& event, span path) {
    for (const xml_attribute one : event.attributes()) {
        const span name = store_path(path, "@");
        const std::uint32_t more = store(one.name()).size;
        record_.fields_.push_back({span{name.at, name.size + more}, store(one.value())});
    }
}

xml_record::span xml_record_builder::store(std::string_view text) {
    const span where{static_cast<std::uint32_t>(record_.text_.size()),
                     static_cast<std::uint32_t>(text.size())};
    record_.text_.append(text);
    return where;
}

xml_record::span xml_record_builder::store_path(span parent, std::string_view name) {
    if (parent.size == 0) return store(name);
    const span all = store(record_.view(parent));
    const std::uint32_t more = store("/").size + store(name).size;
    return {all.at, all.size + more};
}

void xml_record_builder::check_size(const xml_event& event) const {
    if (record_.text_.size() <= bytes_max_) [[likely]]
        return;
    throw event.error("more than " + std::to_string(bytes_max_) + " bytes in one record '" +
                      element_ + "': records(…).bytes_max() sets this limit");
}

}  // namespace weft::detail
