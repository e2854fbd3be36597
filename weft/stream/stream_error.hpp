#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <stdexcept>
#include <string_view>

/// What reading from a byte stream fails by, beside the errors of the stream itself. After each of
/// them everything that was read is still there to be read.
namespace weft {

/// More came than the limit of the call allows. Memory stays bounded: no more is read.
class WEFT_EXPORT limit_exceeded : public std::runtime_error {
public:
    limit_exceeded(std::string_view attempt, std::size_t limit);
    ~limit_exceeded() override;
    /// In bytes.
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

protected:
    limit_exceeded(std::string_view attempt, std::string_view what, std::size_t limit);

private:
    std::size_t limit_;
};

/// No end of a line, or no delimiter, within the limit.
class WEFT_EXPORT line_too_long : public limit_exceeded {
public:
    line_too_long(std::string_view attempt, std::size_t limit);
    ~line_too_long() override;
};

/// The stream ended before what was asked for was there.
class WEFT_EXPORT unexpected_end : public std::runtime_error {
public:
    /// `wanted` is 0 when nobody knows how much it would have been.
    unexpected_end(std::string_view attempt, std::size_t available, std::size_t wanted = 0);
    ~unexpected_end() override;
    /// The bytes that were there.
    [[nodiscard]] std::size_t available() const noexcept { return available_; }

private:
    std::size_t available_;
};

}  // namespace weft
