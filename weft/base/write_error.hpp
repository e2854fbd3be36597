#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <system_error>

/// What is thrown by writes that did a part of their work.
namespace weft {

/// A write that failed after a part of it was done.
class WEFT_EXPORT write_error : public std::system_error {
public:
    write_error(const std::system_error& cause, std::size_t written);
    ~write_error() override;
    /// The bytes that went before it failed.
    [[nodiscard]] std::size_t written() const noexcept { return written_; }

private:
    std::size_t written_;
};

}  // namespace weft
