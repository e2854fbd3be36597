#pragma once

#include "weft/base/export.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace weft {

/// A place in a document. Lines and columns count from 1, columns in characters; `offset` counts
/// bytes of the input from 0.
class xml_position {
public:
    xml_position() noexcept = default;
    xml_position(std::uint64_t line, std::uint64_t column, std::uint64_t offset) noexcept
        : line_(line), column_(column), offset_(offset) {}
    [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
    [[nodiscard]] std::uint64_t column() const noexcept { return column_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

private:
    std::uint64_t line_ = 0;
    std::uint64_t column_ = 0;
    std::uint64_t offset_ = 0;
};

/// A document is not well-formed, ends too early, or goes beyond a limit of `xml_options`; then the
/// text names the limit and how to raise it. `what()` is "SOURCE:LINE:COLUMN: reason".
class WEFT_EXPORT xml_error : public std::runtime_error {
public:
    xml_error(std::string source, xml_position at, std::string reason);
    ~xml_error() override;

    [[nodiscard]] const std::string& source() const noexcept { return source_; }
    [[nodiscard]] xml_position position() const noexcept { return at_; }
    [[nodiscard]] std::uint64_t line() const noexcept { return at_.line(); }
    [[nodiscard]] std::uint64_t column() const noexcept { return at_.column(); }
    [[nodiscard]] std::uint64_t offset() const noexcept { return at_.offset(); }
    /// Without the place.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    std::string source_;
    xml_position at_;
    std::string reason_;
};

}  // namespace weft
