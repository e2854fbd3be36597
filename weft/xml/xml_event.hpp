#pragma once

#include "weft/base/export.hpp"
#include "weft/xml/xml_error.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Events of an XML document.
namespace weft {
namespace detail {

class xml_core;
class xml_batch;

template <std::size_t... Index>
[[gnu::always_inline]] inline bool begins_as(const char* name, std::string_view text,
                                             std::index_sequence<Index...>) noexcept {
    return ((Index >= text.size() || (text[Index] != '\0' && name[Index] == text[Index])) && ...);
}

/// Whether a string that ends with a zero is `text`: no further than to the first difference. Of a
/// name in quotes this becomes two instructions a letter.
[[nodiscard, gnu::always_inline]] inline bool same_name(const char* name,
                                                        std::string_view text) noexcept {
    constexpr std::size_t unrolled = 12;
    if (!begins_as(name, text, std::make_index_sequence<unrolled>())) return false;
    for (std::size_t i = unrolled; i < text.size(); ++i)
        if (text[i] == '\0' || name[i] != text[i]) return false;
    return name[text.size()] == '\0';
}

/// A name with a namespace is "URI local".
inline constexpr char xml_space_end = ' ';

}  // namespace detail

class xml_attribute {
public:
    xml_attribute(std::string_view name, std::string_view value) noexcept
        : name_(name), value_(value) {}
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::string_view value() const noexcept { return value_; }
    friend bool operator==(const xml_attribute&, const xml_attribute&) noexcept = default;

private:
    std::string_view name_;
    std::string_view value_;
};

/// The attributes of a start tag, in their order: a forward range of `xml_attribute`.
class xml_attributes {
public:
    class iterator {
    public:
        using value_type = xml_attribute;
        using difference_type = std::ptrdiff_t;
        iterator() noexcept = default;
        explicit iterator(const char* const* at) noexcept : at_(at) {}
        xml_attribute operator*() const noexcept { return {at_[0], at_[1]}; }
        iterator& operator++() noexcept {
            at_ += 2;
            return *this;
        }
        iterator operator++(int) noexcept {
            const iterator old = *this;
            ++*this;
            return old;
        }
        friend bool operator==(iterator a, iterator b) noexcept = default;
        friend bool operator==(iterator a, std::default_sentinel_t) noexcept {
            return a.at_ == nullptr || *a.at_ == nullptr;
        }

    private:
        const char* const* at_ = nullptr;
    };

    explicit xml_attributes(const char* const* all) noexcept : all_(all) {}
    [[nodiscard]] iterator begin() const noexcept { return iterator(all_); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
    [[nodiscard]] bool empty() const noexcept { return begin() == end(); }

private:
    const char* const* all_;
};

enum class xml_kind : std::uint8_t { start, end, text, comment, instruction };

/// What a parser found: a start tag, an end tag, text; comments and processing instructions where
/// `xml_options` asks for them.
///
/// ```cpp
/// #include <weft/xml/xml_event.hpp>
///
/// weft::consumer<const weft::xml_event&> titles(std::vector<std::string>& found) {
///     for (bool in_title = false;;) {
///         const weft::xml_event& event = co_await weft::receive;
///         if (event.is_start("title")) in_title = true;
///         if (event.is_end("title")) in_title = false;
///         if (event.is_text() && in_title) found.emplace_back(event.text());
///     }
/// }
/// ```
///
/// Text comes whole: what stands between two tags is one event, whether it is written in one piece
/// or with entities, CDATA sections and comments that nobody asked for. All strings are UTF-8.
///
/// An event is a view of the parser's memory, cheap to copy: it is valid until the consumer waits
/// for the next, or the next is asked for. Names and values that are kept are copied into strings.
class WEFT_EXPORT xml_event {
public:
    [[nodiscard]] xml_kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_start() const noexcept { return kind_ == xml_kind::start; }
    [[nodiscard]] bool is_end() const noexcept { return kind_ == xml_kind::end; }
    [[nodiscard]] bool is_text() const noexcept { return kind_ == xml_kind::text; }
    // Cheaper than to compare with name().
    [[nodiscard, gnu::always_inline]] bool is_start(std::string_view name) const noexcept {
        return is_start() && detail::same_name(name_, name);
    }
    [[nodiscard, gnu::always_inline]] bool is_end(std::string_view name) const noexcept {
        return is_end() && detail::same_name(name_, name);
    }
    [[nodiscard, gnu::always_inline]] bool has_name(std::string_view name) const noexcept {
        return detail::same_name(name_, name);
    }

    /// The element's name as it is written; with `xml_options::namespaces()` the expanded name:
    /// "URI local", or the local name alone when it has no namespace. The target of a processing
    /// instruction. Empty for text and comments.
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    /// The two parts of an expanded name.
    [[nodiscard]] std::string_view local_name() const noexcept {
        const std::string_view all = name();
        return all.substr(all.rfind(detail::xml_space_end) + 1);
    }
    [[nodiscard]] std::string_view namespace_uri() const noexcept {
        const std::string_view all = name();
        const std::size_t end = all.rfind(detail::xml_space_end);
        return end == all.npos ? std::string_view{} : all.substr(0, end);
    }

    /// The text; of an end tag, with `xml_options::text_with_end()`, what stands before it; the
    /// inside of a comment; what follows the target of a processing instruction.
    [[nodiscard]] std::string_view text() const noexcept { return {text_, text_size_}; }

    /// Of a start tag; empty for others.
    [[nodiscard]] xml_attributes attributes() const noexcept {
        return xml_attributes(is_start() ? attributes_ : nullptr);
    }
    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const noexcept;

    /// How many elements are open; in a start or end tag its own counts: the root's is 1.
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
    /// Of the tag; of text where it ends.
    [[nodiscard]] xml_position position() const noexcept;
    /// What is called the source in errors.
    [[nodiscard]] const std::string& source() const noexcept;
    /// An error at this place, for consumers that refuse what they get.
    [[nodiscard]] xml_error error(std::string reason) const;

private:
    friend detail::xml_core;
    friend detail::xml_batch;
    xml_event() noexcept = default;

    xml_kind kind_ = xml_kind::text;
    std::uint32_t depth_ = 0;
    const char* name_ = "";
    const char* text_ = "";
    std::size_t text_size_ = 0;
    const char* const* attributes_ = nullptr;
    const detail::xml_core* core_ = nullptr;
    xml_position at_;  // line 0: ask the parser
};

}  // namespace weft
