#pragma once

#include "weft/core/generator_frame.hpp"

#include <cstddef>

namespace weft {

/// A view of a suspended generator that another holds: what `delegate()` gives. Valid until
/// anything in the chain is resumed.
class generator_view {
public:
    explicit generator_view(const detail::generator_frame* frame) noexcept : frame_(frame) {}
    explicit operator bool() const noexcept { return frame_ != nullptr; }
    [[nodiscard]] friend bool operator==(const generator_view& view, std::nullptr_t) noexcept {
        return !view;
    }
    [[nodiscard]] generator_state state() const noexcept {
        return frame_ == nullptr ? generator_state::closed : frame_->state();
    }
    [[nodiscard]] std::source_location where() const noexcept {
        return frame_ == nullptr ? std::source_location{} : frame_->where();
    }
    [[nodiscard]] generator_view delegate() const noexcept {
        return generator_view(frame_ == nullptr ? nullptr : frame_->delegated());
    }
    [[nodiscard]] std::size_t frame_bytes() const noexcept {
        return frame_ == nullptr ? 0 : frame_->bytes();
    }
    [[nodiscard]] const void* address() const noexcept {
        return frame_ == nullptr ? nullptr : frame_->address();
    }
    [[nodiscard]] std::string_view name() const noexcept {
        return frame_ == nullptr ? std::string_view{}
                                 : detail::short_function_name(frame_->created_at());
    }

private:
    const detail::generator_frame* frame_;
};

}  // namespace weft
