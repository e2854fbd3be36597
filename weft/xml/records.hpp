#pragma once

#include "weft/base/export.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"
#include "weft/pipeline/stage.hpp"
#include "weft/pipeline/stages.hpp"
#include "weft/xml/xml_event.hpp"
#include "weft/xml/xml_record.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Records made of events: `buses_to_dicts` of the course.
namespace weft {
namespace detail {

/// Takes events until a record is complete.
class WEFT_EXPORT xml_record_builder {
public:
    xml_record_builder(std::string element, std::size_t bytes_max)
        : element_(std::move(element)), bytes_max_(std::min<std::size_t>(bytes_max, 2U << 30)) {}

    /// True when the event completes a record. Throws `xml_error` when it gets too large.
    bool add(const xml_event& event) {
        if (depth_ == 0 && !event.is_start(element_)) return false;
        return add_inside(event);
    }
    [[nodiscard]] const xml_record& record() const noexcept { return record_; }

private:
    using span = xml_record::span;
    struct level {
        span path;
        bool has_children = false;
    };

    bool add_inside(const xml_event& event);
    void add_text(const xml_event& event);
    void begin(const xml_event& event);
    void open(const xml_event& event);
    void close_text(bool always);
    void add_attributes(const xml_event& event, span path);
    span store(std::string_view text);
    span store_path(span parent, std::string_view name);
    void check_size(const xml_event& event) const;

    std::string element_;
    std::size_t bytes_max_;
    std::size_t depth_ = 0;  // open elements from the record's on; 0: outside
    std::vector<level> levels_;
    span text_;  // of the innermost, since its last tag
    bool has_text_ = false;
    xml_record record_;
};

template <class View>
generator<const xml_record&> pull_records(View view, xml_record_builder builder) {
    for (const xml_event& event : view) {
        const bool complete = builder.add(event);
        if (complete) co_yield builder.record();
    }
}

template <class T>
consumer<const xml_event&> push_records(xml_record_builder builder, consumer<T> target) {
    try {
        for (;;) {
            const xml_event& event = co_await receive;
            if (builder.add(event) && !target.send(builder.record())) break;
        }
    } catch (const generator_exit&) {
        target.close();
    }
}

}  // namespace detail

/// Made by `records()`.
class [[nodiscard]] records_stage : public stage_base {
public:
    explicit records_stage(std::string element) : element_(std::move(element)) {}

    /// How large a record may be, names and texts; 16 MiB if not set. More is an `xml_error`.
    records_stage bytes_max(std::size_t value) && {
        bytes_max_ = value;
        return std::move(*this);
    }

    template <class View>
    [[nodiscard]] generator<const xml_record&> pull(View view) && {
        return detail::pull_records(std::move(view), builder());
    }
    template <class T>
    [[nodiscard]] consumer<const xml_event&> push(consumer<T> target) && {
        return detail::push_records(builder(), std::move(target));
    }

private:
    [[nodiscard]] detail::xml_record_builder builder() { return {std::move(element_), bytes_max_}; }

    std::string element_;
    std::size_t bytes_max_ = 16 << 20;
};

/// A stage that makes a record of each element of that name, and hands it on where the element
/// ends. What it hands on is used again for the next: who keeps it, copies it.
///
/// ```cpp
/// #include <weft/xml/records.hpp>
/// #include <weft/xml/xml_parse.hpp>
///
/// void print_route_22(const std::string& path) {
///     using bus = const weft::xml_record&;
///     weft::consumer<bus> print = weft::for_each([](bus b) { std::cout << b["id"] << '\n'; });
///     weft::xml_parse(weft::xml_file(path), weft::records("bus") | weft::where("route", "22") |
///                                               std::move(print));
/// }
/// ```
///
/// The fields, in the order of the document:
/// - an element without elements inside is a field: its name, its text, which may be empty;
/// - inside of other elements it is named by the way to it: "position/latitude";
/// - an attribute is a field "@id", "stop/@id";
/// - text beside elements, unless it is blank, is a field of the element that it stands in; the
///   record's own is ".".
///
/// An element of the record's name inside of a record is a part of it as any other. With
/// `xml_options::namespaces()` names are expanded names.
[[nodiscard]] inline records_stage records(std::string element) {
    return records_stage(std::move(element));
}

namespace detail {

class field_test {
public:
    field_test(std::string name, std::string text)
        : name_(std::move(name)), text_(std::move(text)) {}
    [[nodiscard]] bool operator()(const xml_record& record) const noexcept {
        for (std::size_t i = 0; i < record.size(); ++i) {
            const xml_field field = record.field(i);
            if (field.text() == text_ && field.name() == name_) return true;
        }
        return false;
    }

private:
    std::string name_;
    std::string text_;
};

}  // namespace detail

/// A stage that hands on the records with that field of that text; of several fields of one name
/// any will do.
[[nodiscard]] inline auto where(std::string field, std::string text) {
    return filter(detail::field_test(std::move(field), std::move(text)));
}

}  // namespace weft
