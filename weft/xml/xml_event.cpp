#include "weft/xml/xml_event.hpp"

#include "weft/xml/xml_core.hpp"

#include <utility>

namespace weft {

std::optional<std::string_view> xml_event::attribute(std::string_view name) const noexcept {
    if (!is_start()) return std::nullopt;
    for (const char* const* at = attributes_; *at != nullptr; at += 2)
        if (detail::same_name(at[0], name)) return at[1];
    return std::nullopt;
}

xml_position xml_event::position() const noexcept {
    return at_.line() != 0 ? at_ : core_->position();
}

const std::string& xml_event::source() const noexcept {
    return core_->source();
}

xml_error xml_event::error(std::string reason) const {
    return {source(), position(), std::move(reason)};
}

}  // namespace weft
