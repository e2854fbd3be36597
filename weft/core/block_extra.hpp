#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancelled.hpp"
#include "weft/core/control_block.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// What few coroutines need: made when it is first asked for.
namespace weft::detail {

struct block_extra {
    /// On its way from a nested task to its awaiter; in the end, what the coroutine failed by.
    std::exception_ptr error;
    /// Where that error has passed, from the inside out.
    std::vector<place> trace;
    /// Who called `cancel()` on its handle; in the end, who cancelled it.
    cancel_origin origin;
    std::string name;
    /// To be called with the block when it has ended.
    std::vector<std::function<void(control_block&)>> links;
};

[[nodiscard]] inline block_extra& extra_of(control_block& b) {
    if (b.extra == nullptr) b.extra = new block_extra;
    return *b.extra;
}

}  // namespace weft::detail
