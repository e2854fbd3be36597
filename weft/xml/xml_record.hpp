#pragma once

#include "weft/base/export.hpp"

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Elements of XML as records.
namespace weft {
namespace detail {
class xml_record_builder;
}  // namespace detail

/// A field of a record is not there, or is not of the type that was asked for.
class WEFT_EXPORT field_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~field_error() override;
};

/// A field of a record: views of the record's memory.
class xml_field {
public:
    xml_field(std::string_view name, std::string_view text) noexcept : name_(name), text_(text) {}
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    friend bool operator==(const xml_field&, const xml_field&) noexcept = default;

private:
    std::string_view name_;
    std::string_view text_;
};

/// What `records()` makes of an element: its fields in the order of the document, names and texts.
///
/// ```cpp
/// #include <weft/xml/xml_record.hpp>
///
/// std::string describe(const weft::xml_record& bus) {
///     std::string text = std::string(bus["route"]) + " at " + std::string(bus["direction"]);
///     if (bus.get<double>("latitude") > 41.9) text += ", north";
///     for (const weft::xml_field field : bus) text += " " + std::string(field.name());
///     return text;
/// }
/// ```
///
/// It owns its texts: a copy lasts.
class WEFT_EXPORT xml_record {
public:
    class iterator;

    /// The name of the element.
    [[nodiscard]] std::string_view name() const noexcept { return view(name_); }
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
    [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }
    [[nodiscard]] xml_field field(std::size_t index) const noexcept {
        return {view(fields_[index].name), view(fields_[index].text)};
    }

    /// The first field of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
    /// The same; empty when there is none.
    [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept {
        return find(name).value_or(std::string_view{});
    }
    [[nodiscard]] bool contains(std::string_view name) const noexcept {
        return find(name).has_value();
    }

    /// As a number, a `bool` ("true", "false", "1", "0") or a string; white space round a number is
    /// left out. Throws `field_error`.
    template <class T>
    [[nodiscard]] T get(std::string_view name) const {
        const std::optional<std::string_view> text = find(name);
        if (!text) throw_missing(name);
        T value{};
        if (!parse(*text, value)) throw_no_value(name, *text, kind_of<T>());
        return value;
    }
    /// The same, `otherwise` when there is no such field.
    template <class T>
    [[nodiscard]] T get(std::string_view name, T otherwise) const {
        return contains(name) ? get<T>(name) : std::move(otherwise);
    }

private:
    friend detail::xml_record_builder;
    struct span {
        std::uint32_t at = 0;
        std::uint32_t size = 0;
    };
    struct named {
        span name;
        span text;
    };

    [[nodiscard]] std::string_view view(span where) const noexcept {
        return {text_.data() + where.at, where.size};
    }
    [[noreturn]] void throw_missing(std::string_view name) const;
    [[noreturn]] void throw_no_value(std::string_view name, std::string_view text,
                                     const char* kind) const;
    [[nodiscard]] static std::string_view trimmed(std::string_view text) noexcept;
    [[nodiscard]] static bool parse(std::string_view text, bool& value) noexcept;

    template <class T>
    static constexpr const char* kind_of() {
        if constexpr (std::same_as<T, bool>)
            return "neither true nor false";
        else if constexpr (std::integral<T>)
            return "no whole number of that size";
        else
            return "no number";
    }
    template <class T>
    static bool parse(std::string_view text, T& value) {
        if constexpr (std::is_arithmetic_v<T>) {
            text = trimmed(text);
            const char* const end = text.data() + text.size();
            const auto [at, error] = std::from_chars(text.data(), end, value);
            return error == std::errc{} && at == end;
        } else {
            value = T(text);
            return true;
        }
    }

    std::string text_;  // names and texts, one after the other
    std::vector<named> fields_;
    span name_;
};

class xml_record::iterator {
public:
    using value_type = xml_field;
    using difference_type = std::ptrdiff_t;
    iterator() noexcept = default;
    iterator(const xml_record& of, std::size_t at) noexcept : of_(&of), at_(at) {}
    xml_field operator*() const noexcept { return of_->field(at_); }
    iterator& operator++() noexcept {
        ++at_;
        return *this;
    }
    iterator operator++(int) noexcept { return {*of_, at_++}; }
    friend bool operator==(const iterator&, const iterator&) noexcept = default;

private:
    const xml_record* of_ = nullptr;
    std::size_t at_ = 0;
};

inline xml_record::iterator xml_record::begin() const noexcept {
    return {*this, 0};
}
inline xml_record::iterator xml_record::end() const noexcept {
    return {*this, fields_.size()};
}

}  // namespace weft
