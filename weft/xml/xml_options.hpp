#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace weft {

/// How a document is read, and how much of it is borne. The limits hold for documents of strangers;
/// who goes beyond one gets an `xml_error` that names it.
///
/// ```cpp
/// #include <weft/xml/xml_options.hpp>
///
/// weft::xml_options for_feeds() {
///     return weft::xml_options().name("the feed").namespaces().skip_blank_text().depth_max(32);
/// }
/// ```
///
/// External entities are never loaded, whatever is set: a reference to one is an error.
class xml_options {
public:
    xml_options() = default;

    /// What errors call the document, if its source has no name, or another one.
    xml_options& name(std::string value) {
        name_ = std::move(value);
        return *this;
    }
    /// In place of what the document says of itself: "UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII".
    xml_options& encoding(std::string value) {
        encoding_ = std::move(value);
        return *this;
    }
    /// Names of elements and attributes are expanded, "URI local", and prefixes checked.
    xml_options& namespaces(bool on = true) noexcept {
        namespaces_ = on;
        return *this;
    }
    /// Text that is white space and nothing else is not sent: indentation, as a rule.
    xml_options& skip_blank_text(bool on = true) noexcept {
        skip_blank_text_ = on;
        return *this;
    }
    /// Text up to an end tag is no event of its own: it comes with that, as its `text()`. There are
    /// a third fewer events, and who looks for the texts of elements need not remember which one is
    /// open.
    xml_options& text_with_end(bool on = true) noexcept {
        text_with_end_ = on;
        return *this;
    }
    xml_options& comments(bool on = true) noexcept {
        comments_ = on;
        return *this;
    }
    /// Processing instructions.
    xml_options& instructions(bool on = true) noexcept {
        instructions_ = on;
        return *this;
    }
    /// Whether a document may have a document type declaration, and with it entities of its own.
    xml_options& doctype(bool allowed) noexcept {
        doctype_ = allowed;
        return *this;
    }

    // The limits.

    /// Of elements inside each other.
    xml_options& depth_max(std::size_t value) noexcept {
        depth_max_ = value;
        return *this;
    }
    /// Of one element.
    xml_options& attributes_max(std::size_t value) noexcept {
        attributes_max_ = value;
        return *this;
    }
    /// Of an element or an attribute, expanded.
    xml_options& name_bytes_max(std::size_t value) noexcept {
        name_bytes_max_ = value;
        return *this;
    }
    xml_options& attribute_bytes_max(std::size_t value) noexcept {
        attribute_bytes_max_ = value;
        return *this;
    }
    /// Of one text between two tags.
    xml_options& text_bytes_max(std::size_t value) noexcept {
        text_bytes_max_ = value;
        return *this;
    }
    /// Of one tag, comment or declaration as it is written: so much is kept until its end is seen.
    xml_options& markup_bytes_max(std::size_t value) noexcept {
        markup_bytes_max_ = value;
        return *this;
    }
    /// How many times larger entities may make the document, at least 1, once it has `from` bytes
    /// with what they add: "a billion laughs" are fewer.
    xml_options& expansion_max(double times, std::size_t from = 8 << 20) noexcept {
        expansion_max_ = times;
        expansion_from_ = from;
        return *this;
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& encoding() const noexcept { return encoding_; }
    [[nodiscard]] bool has_namespaces() const noexcept { return namespaces_; }
    [[nodiscard]] bool skips_blank_text() const noexcept { return skip_blank_text_; }
    [[nodiscard]] bool has_text_with_end() const noexcept { return text_with_end_; }
    [[nodiscard]] bool has_comments() const noexcept { return comments_; }
    [[nodiscard]] bool has_instructions() const noexcept { return instructions_; }
    [[nodiscard]] bool allows_doctype() const noexcept { return doctype_; }
    [[nodiscard]] std::size_t depth_max() const noexcept { return depth_max_; }
    [[nodiscard]] std::size_t attributes_max() const noexcept { return attributes_max_; }
    [[nodiscard]] std::size_t name_bytes_max() const noexcept { return name_bytes_max_; }
    [[nodiscard]] std::size_t attribute_bytes_max() const noexcept { return attribute_bytes_max_; }
    [[nodiscard]] std::size_t text_bytes_max() const noexcept { return text_bytes_max_; }
    [[nodiscard]] std::size_t markup_bytes_max() const noexcept { return markup_bytes_max_; }
    [[nodiscard]] double expansion_max() const noexcept { return expansion_max_; }
    [[nodiscard]] std::size_t expansion_from() const noexcept { return expansion_from_; }

private:
    std::string name_;
    std::string encoding_;
    bool namespaces_ = false;
    bool skip_blank_text_ = false;
    bool text_with_end_ = false;
    bool comments_ = false;
    bool instructions_ = false;
    bool doctype_ = true;
    std::size_t depth_max_ = 256;
    std::size_t attributes_max_ = 1024;
    std::size_t name_bytes_max_ = 4096;
    std::size_t attribute_bytes_max_ = 1 << 20;
    std::size_t text_bytes_max_ = 16 << 20;
    std::size_t markup_bytes_max_ = 4 << 20;
    double expansion_max_ = 100;
    std::size_t expansion_from_ = 8 << 20;
};

}  // namespace weft
