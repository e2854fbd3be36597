#pragma once

#include "weft/base/export.hpp"

#include <exception>
#include <string>
#include <vector>

namespace weft {

/// Several errors at once: what a scope throws whose body or children have failed, be it one.
class WEFT_EXPORT exception_group : public std::exception {
public:
    /// REQUIRES: at least one, and none of them null.
    explicit exception_group(std::vector<std::exception_ptr> errors);
    exception_group(const exception_group&) = default;
    exception_group& operator=(const exception_group&) = default;
    ~exception_group() override;

    [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }
    /// All their texts, on lines of their own.
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

private:
    std::vector<std::exception_ptr> errors_;
    std::string text_;
};

}  // namespace weft
