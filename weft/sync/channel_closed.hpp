#pragma once

#include "weft/base/export.hpp"

#include <stdexcept>

/// What sending to a channel of either sort throws.
namespace weft {

/// An item was sent to a channel that is closed, or was before the item was taken.
class WEFT_EXPORT channel_closed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~channel_closed() override;
};

namespace detail {

[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_closed_channel();

}  // namespace detail
}  // namespace weft
