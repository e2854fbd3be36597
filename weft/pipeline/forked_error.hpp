#pragma once

#include "weft/base/export.hpp"

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace weft {

/// What went wrong in another process: an error that its consumer threw, or its death.
class WEFT_EXPORT forked_error : public std::runtime_error {
public:
    /// An error: what it said, and the name of its type.
    forked_error(const std::string& text, std::string type)
        : runtime_error(text), type_(std::move(type)) {}
    /// A death.
    forked_error(const std::string& text, int status, std::uint64_t taken)
        : runtime_error(text), status_(status), taken_(taken) {}
    ~forked_error() override;

    /// The type that was thrown there, "std::out_of_range"; empty when the process died.
    [[nodiscard]] const std::string& type() const noexcept { return type_; }
    /// As from waitpid(2) when the process died, else 0.
    [[nodiscard]] int status() const noexcept { return status_; }
    /// How many items its consumer had taken when it died, each of them whole.
    [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

private:
    std::string type_;
    int status_ = 0;
    std::uint64_t taken_ = 0;
};

namespace detail {

/// For people: "std::out_of_range"; that of the other process for a `forked_error`.
[[nodiscard]] WEFT_EXPORT std::string type_name_of(const std::exception_ptr& error);
/// Its `what()` alone, or a phrase.
[[nodiscard]] WEFT_EXPORT std::string text_of(const std::exception_ptr& error);

}  // namespace detail
}  // namespace weft
